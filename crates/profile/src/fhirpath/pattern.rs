//! Regular expressions, in the dialect of the published rules.
//!
//! `matches` finds (an unanchored pattern matches inside), `.` matches line breaks, and
//! `\s`, `\d` and `\w` mean ASCII, so that the full-width space is no `\s`.

use regex::Regex;

/// Compiles a pattern.
pub(super) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&format!("(?s){}", translate(pattern)))
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
