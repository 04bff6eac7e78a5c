//! From text to tokens.

use super::CompileError;

/// Longer texts are refused; the longest published one has a thousand characters.
const MAX_BYTES: usize = 16_384;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, keywords included.
    Name(String),
    /// A name in backticks, which is never a keyword.
    Quoted(String),
    /// A string; dates and times too, without their `@`.
    Text(String),
    Number(String),
    /// A variable of the environment, without its `%`.
    Variable(String),
    /// `$this`, `$index`, without the `$`.
    Local(String),
    Symbol(&'static str),
    End,
}

pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) offset: usize,
}

/// Two characters before one, so that `<=` is not `<`.
const SYMBOLS: [&str; 25] = [
    "<=", ">=", "!=", "!~", "(", ")", "[", "]", "{", "}", ".", ",", "=", "~", "<", ">", "|", "+",
    "-", "&", "*", "/", "%", "$", "@",
];

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, CompileError> {
    if text.len() > MAX_BYTES {
        return Err(error(MAX_BYTES, "too long"));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at += blanks(&text[at..]);
        let (token, bytes) = token(&text[at..]).map_err(|reason| error(at, reason))?;
        let is_end = token == Token::End;
        tokens.push(Placed { token, offset: at });
        if is_end {
            return Ok(tokens);
        }
        at += bytes;
    }
}

fn error(offset: usize, reason: &str) -> CompileError {
    CompileError { offset, reason: reason.into() }
}

/// The bytes of white space and comments with which the text begins.
fn blanks(text: &str) -> usize {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.find("*/").map_or("", |end| &comment[end + 2..]);
        } else {
            return text.len() - rest.len();
        }
    }
}

fn token(text: &str) -> Result<(Token, usize), &'static str> {
    let Some(first) = text.chars().next() else { return Ok((Token::End, 0)) };
    match first {
        '\'' => delimited(text, '\'').map(|(content, bytes)| (Token::Text(content), bytes)),
        '`' => delimited(text, '`').map(|(content, bytes)| (Token::Quoted(content), bytes)),
        '%' => variable(text),
        '$' => {
            let bytes = name_bytes(&text[1..]);
            if bytes == 0 {
                Err("a name is missing behind $")
            } else {
                Ok((Token::Local(text[1..=bytes].into()), bytes + 1))
            }
        }
        '@' => {
            let is_part = |c: char| c.is_ascii_alphanumeric() || "-+:.".contains(c);
            let end = text[1..].find(|c| !is_part(c)).map_or(text.len(), |end| end + 1);
            if end == 1 {
                return Err("a date is missing behind @");
            }
            Ok((Token::Text(text[1..end].trim_start_matches('T').into()), end))
        }
        _ if first.is_ascii_digit() => {
            let bytes = number_bytes(text);
            Ok((Token::Number(text[..bytes].into()), bytes))
        }
        _ if first.is_ascii_alphabetic() || first == '_' => {
            let bytes = name_bytes(text);
            Ok((Token::Name(text[..bytes].into()), bytes))
        }
        _ => symbol(text),
    }
}

fn symbol(text: &str) -> Result<(Token, usize), &'static str> {
    SYMBOLS
        .iter()
        .find(|symbol| text.starts_with(**symbol))
        .map(|symbol| (Token::Symbol(symbol), symbol.len()))
        .ok_or("a character that means nothing")
}

fn variable(text: &str) -> Result<(Token, usize), &'static str> {
    let rest = &text[1..];
    if let Some(quote @ ('`' | '\'')) = rest.chars().next() {
        return delimited(rest, quote).map(|(name, bytes)| (Token::Variable(name), bytes + 1));
    }
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
    let bytes = end.unwrap_or(rest.len());
    if bytes == 0 {
        return Err("a name is missing behind %");
    }
    Ok((Token::Variable(rest[..bytes].into()), bytes + 1))
}

fn name_bytes(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

fn number_bytes(text: &str) -> usize {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    match text[whole..].strip_prefix('.').map_or(0, digits) {
        0 => whole,
        fraction => whole + 1 + fraction,
    }
}

/// The content between two delimiters with its escapes replaced, and the bytes of all.
fn delimited(text: &str, delimiter: char) -> Result<(String, usize), &'static str> {
    let mut content = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == delimiter => return Ok((content, at + 1)),
            '\\' => {
                let (_, kind) = characters.next().ok_or("a string without end")?;
                content.push(match kind {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'f' => '\u{c}',
                    'u' => {
                        let digits: String = characters.by_ref().take(4).map(|(_, c)| c).collect();
                        u32::from_str_radix(&digits, 16)
                            .ok()
                            .and_then(char::from_u32)
                            .ok_or("an escape that is no character")?
                    }
                    '\'' | '"' | '`' | '\\' | '/' => kind,
                    _ => return Err("an unknown escape"),
                });
            }
            _ => content.push(character),
        }
    }
    Err("a string without end")
}
