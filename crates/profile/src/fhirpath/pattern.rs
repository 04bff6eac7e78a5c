//! Regular expressions, in the dialect of the published rules.
//!
//! `matches` finds (an unanchored pattern matches inside), `.` matches line breaks, and
//! `\s`, `\d` and `\w` mean ASCII, so that the full-width space is no `\s`.

use std::sync::OnceLock;

use regex::Regex;

/// What `$` means: the end, or a line break that ends the text.
const END: &str = "(?:\\r\\n|[\\n\\r\\x{85}\\x{2028}\\x{2029}])?\\z";

/// 正規表現 — a regular expression whose form is checked when it is read, and which is compiled
/// when it is first asked: most belong to resources that hardly anybody sends.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    text: String,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// It is no regular expression.
    pub(super) fn read(pattern: &str) -> Result<Self, String> {
        let text = format!("(?s){}", translate(pattern));
        regex_syntax::parse(&text).map_err(|error| error.to_string())?;
        Ok(Self { text, regex: OnceLock::new() })
    }

    /// What finds it in a text; none where it takes too much memory.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Regex::new(&self.text).ok()).as_ref()
    }
}

fn translate(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len() + 16);
    let mut in_class = false;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let Some(escaped) = characters.next() else {
                    translated.push('\\');
                    break;
                };
                push_escape(&mut translated, escaped, in_class);
                continue;
            }
            '[' if in_class => translated.push('\\'),
            '[' => in_class = true,
            ']' => in_class = false,
            '$' if !in_class => {
                translated.push_str(END);
                continue;
            }
            _ => {}
        }
        translated.push(character);
    }
    translated
}

fn push_escape(translated: &mut String, escaped: char, in_class: bool) {
    let members = match escaped.to_ascii_lowercase() {
        's' => r" \t\n\x0B\f\r",
        'd' => "0-9",
        'w' => "a-zA-Z0-9_",
        _ => {
            translated.push('\\');
            translated.push(escaped);
            return;
        }
    };
    match (escaped.is_ascii_uppercase(), in_class) {
        (false, true) => translated.push_str(members),
        (false, false) => translated.extend(["[", members, "]"]),
        (true, _) => translated.extend(["[^", members, "]"]),
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn finds(pattern: &str, text: &str) -> bool {
        let pattern = Pattern::read(pattern).expect("a pattern");
        pattern.regex().expect("a small one").is_match(text)
    }

    #[test]
    fn a_dollar_means_the_end_or_a_line_break_at_the_end() {
        let fits = |text: &str| finds("^[0-9]{2}$", text);
        for text in ["12", "12\n", "12\r\n", "12\u{2028}"] {
            assert!(fits(text), "{text:?}");
        }
        for text in ["12\n\n", "12\nx", "123", "12 "] {
            assert!(!fits(text), "{text:?}");
        }
        assert!(finds("^[$]$", "$"));
    }
}
