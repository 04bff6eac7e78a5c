//! XML without declarations, as far as a narrative needs it.

/// What comes next in the text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event<'t> {
    Text(&'t str),
    /// The name of an entity, or `#` and the number of a character.
    Entity(&'t str),
    Comment,
    /// A document type.
    DocumentType,
    /// A processing instruction.
    Instruction,
    /// The attributes are those of the scanner.
    Start {
        name: &'t str,
        is_closed: bool,
    },
    End(&'t str),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute<'t> {
    pub(super) name: &'t str,
    pub(super) value: &'t str,
}

/// Reads event after event; behind an error there is nothing.
pub(super) struct Scanner<'t> {
    rest: &'t str,
    attributes: Vec<Attribute<'t>>,
    is_lax: bool,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text, attributes: Vec::new(), is_lax: false }
    }

    /// Whether something was read that XML does not have and only some readers take: an
    /// attribute twice, without quotes, without a value or without a blank before it.
    pub(super) fn is_lax(&self) -> bool {
        self.is_lax
    }

    /// Those of the element that was last begun.
    pub(super) fn attributes(&self) -> &[Attribute<'t>] {
        &self.attributes
    }

    fn event(&mut self) -> Result<Event<'t>, &'t str> {
        let rest = self.rest;
        if let Some(markup) = rest.strip_prefix('<') {
            return self.markup(markup);
        }
        if let Some(entity) = rest.strip_prefix('&') {
            let end = entity.bytes().position(|c| !c.is_ascii_alphanumeric() && c != b'#');
            let end = end.filter(|end| entity.as_bytes()[*end] == b';').ok_or("&")?;
            self.rest = &entity[end + 1..];
            return Ok(Event::Entity(&entity[..end]));
        }
        let end = memchr::memchr2(b'<', b'&', rest.as_bytes()).unwrap_or(rest.len());
        self.rest = &rest[end..];
        Ok(Event::Text(&rest[..end]))
    }

    fn markup(&mut self, markup: &'t str) -> Result<Event<'t>, &'t str> {
        if let Some(end) = markup.strip_prefix('/') {
            let at = memchr::memchr(b'>', end.as_bytes()).ok_or(">")?;
            self.rest = &end[at + 1..];
            return Ok(Event::End(end[..at].trim_end()));
        }
        if markup.starts_with(['!', '?']) {
            return self.special(markup);
        }
        let (name, mut rest) = name(markup).ok_or("<")?;
        self.attributes.clear();
        loop {
            let blanks = blanks(rest);
            let trimmed = &rest[blanks..];
            match trimmed.as_bytes() {
                [b'>', ..] => {
                    self.rest = &trimmed[1..];
                    return Ok(Event::Start { name, is_closed: false });
                }
                [b'/', b'>', ..] => {
                    self.rest = &trimmed[2..];
                    return Ok(Event::Start { name, is_closed: true });
                }
                _ => {}
            }
            let (attribute, behind, is_quoted) = attribute(trimmed).ok_or(name)?;
            // Elements of HTML have few attributes; more are an attack, not a text.
            if self.attributes.len() >= 64 {
                return Err(attribute.name);
            }
            let mut others = self.attributes.iter_mut();
            let first = others.find(|other| other.name == attribute.name);
            self.is_lax |= blanks == 0 || !is_quoted || first.is_some();
            match first {
                Some(first) => *first = attribute,
                None => self.attributes.push(attribute),
            }
            rest = behind;
        }
    }

    fn special(&mut self, markup: &'t str) -> Result<Event<'t>, &'t str> {
        if let Some(comment) = markup.strip_prefix("!--") {
            self.skip_to(comment, "-->")?;
            return Ok(Event::Comment);
        }
        if let Some(section) = markup.strip_prefix("![CDATA[") {
            return self.skip_to(section, "]]>").map(Event::Text);
        }
        self.skip_to(markup, ">")?;
        Ok(if markup.starts_with('?') { Event::Instruction } else { Event::DocumentType })
    }

    /// What comes before a mark, behind which reading goes on.
    fn skip_to(&mut self, text: &'t str, mark: &'static str) -> Result<&'t str, &'t str> {
        let end = text.find(mark).ok_or(mark)?;
        self.rest = &text[end + mark.len()..];
        Ok(&text[..end])
    }
}

impl<'t> Iterator for Scanner<'t> {
    type Item = Result<Event<'t>, &'t str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let event = self.event();
        if event.is_err() {
            self.rest = "";
        }
        Some(event)
    }
}

/// The bytes of the blanks with which a text begins.
fn blanks(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_whitespace).count()
}

fn name(text: &str) -> Option<(&str, &str)> {
    let is_plain =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
    let plain = text.bytes().take_while(is_plain).count();
    // The names of XHTML are ASCII; anything else is no name here.
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts.then(|| text.split_at(plain))
}

/// An attribute, what comes behind it, and whether it has a value in quotes.
fn attribute(text: &str) -> Option<(Attribute<'_>, &str, bool)> {
    let (name, rest) = name(text)?;
    let Some(rest) = rest[blanks(rest)..].strip_prefix('=') else {
        return Some((Attribute { name, value: "" }, rest, false));
    };
    let rest = &rest[blanks(rest)..];
    let Some(quote) = rest.bytes().next().filter(|quote| matches!(quote, b'"' | b'\'')) else {
        let end = rest.find(['>', '/'])?;
        return Some((Attribute { name, value: &rest[..end] }, &rest[end..], false));
    };
    let end = memchr::memchr(quote, &rest.as_bytes()[1..])? + 1;
    let value = &rest[1..end];
    let is_whole = memchr::memchr(b'<', value.as_bytes()).is_none();
    is_whole.then_some((Attribute { name, value }, &rest[end + 1..], true))
}

/// The entities of XML, and characters by number.
pub(super) fn is_entity(name: &str) -> bool {
    if let Some(digits) = name.strip_prefix("#x") {
        return is_character(u32::from_str_radix(digits, 16).ok());
    }
    if let Some(digits) = name.strip_prefix('#') {
        return is_character(digits.parse().ok());
    }
    matches!(name, "amp" | "lt" | "gt" | "quot" | "apos")
}

fn is_character(number: Option<u32>) -> bool {
    number.and_then(char::from_u32).is_some_and(|c| c != '\0')
}
