//! 確認 — what must hold, and what is said when it does not.

use std::{error::Error, fmt};

use super::Step;

/// 不成立 — the step and the expectation that did not hold.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Where the story ended.
    pub step: Step,
    /// What was expected, and what was there instead.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (japanese, english) = self.step.title();
        let number = self.step as usize;
        write!(out, "場面{number}（{japanese} — {english}）: {}", self.what)
    }
}

/// An expectation that was not met.
#[derive(Debug)]
pub(super) struct Unmet(pub(super) String);

impl fmt::Display for Unmet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Error for Unmet {}

impl Unmet {
    /// What ended a step, in one line: an expectation, or whatever came in between.
    pub(super) fn describe(error: &anyhow::Error) -> String {
        match error.downcast_ref::<Self>() {
            Some(unmet) => format!("期待と違います — {unmet}"),
            None => format!("続けられません — cannot go on: {error:#}"),
        }
    }
}

/// Whether a text stands in a body, byte for byte.
pub(super) fn holds(body: &[u8], text: &str) -> bool {
    let wanted = text.as_bytes();
    !wanted.is_empty() && body.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unmet_expectation_is_told_from_a_breakdown() {
        let unmet = anyhow::Error::from(Unmet("201, got 500".to_owned()));
        assert!(Unmet::describe(&unmet).contains("期待と違います"));
        let broken = anyhow::anyhow!("no route").context("the server does not answer");
        let told = Unmet::describe(&broken);
        assert!(told.contains("the server does not answer: no route"), "{told}");
    }

    #[test]
    fn texts_are_found_byte_for_byte() {
        let body = r#"{"value":4.10,"name":"尿酸"}"#.as_bytes();
        assert!(holds(body, r#""value":4.10"#) && holds(body, "尿酸"));
        assert!(!holds(body, "4.100") && !holds(body, "") && !holds(b"", "x"));
    }
}
