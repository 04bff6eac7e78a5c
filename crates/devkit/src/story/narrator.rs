//! 語り手 — tells the story: Japanese first, English after it.

use std::{
    fmt,
    io::Write,
    time::{Duration, Instant},
};

use super::{Failure, Step};

/// 語り手 — writes lines; what cannot be written is lost without harm to the story.
pub struct Narrator<'a> {
    out: &'a mut (dyn Write + Send),
    look: Look,
    told: Option<Instant>,
}

/// Where the lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Terminal,
    File,
}

impl fmt::Debug for Narrator<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Narrator({:?})", self.look)
    }
}

impl<'a> Narrator<'a> {
    /// Tells to a terminal: progress stays on one line.
    pub fn to_terminal(out: &'a mut (dyn Write + Send)) -> Self {
        Self { out, look: Look::Terminal, told: None }
    }

    /// Tells to a file or a pipe: progress is a line now and then.
    pub fn to_file(out: &'a mut (dyn Write + Send)) -> Self {
        Self { out, look: Look::File, told: None }
    }

    pub(super) fn step(&mut self, step: Step) {
        let (japanese, english) = step.title();
        let number = step as usize;
        self.line(&format!("\n━━ {number}  {japanese} — {english}"));
    }

    /// What was sent.
    pub(super) fn sent(&mut self, what: &str) {
        self.line(&format!("   → {what}"));
    }

    /// What was answered.
    pub(super) fn answered(&mut self, what: &str) {
        self.line(&format!("   ← {what}"));
    }

    /// What was withheld.
    pub(super) fn withheld(&mut self, japanese: &str, english: &str) {
        self.line(&format!("   ⊘ {japanese} — {english}"));
    }

    /// What was deleted.
    pub(super) fn deleted(&mut self, what: &str) {
        self.line(&format!("   ✕ {what}"));
    }

    /// What held.
    pub(super) fn held(&mut self, japanese: &str, english: &str) {
        self.line(&format!("   ✓ {japanese} — {english}"));
    }

    /// What happens meanwhile.
    pub(super) fn aside(&mut self, japanese: &str, english: &str) {
        self.line(&format!("   · {japanese} — {english}"));
    }

    /// More about the line before.
    pub(super) fn detail(&mut self, what: &str) {
        self.line(&format!("       {what}"));
    }

    /// How far something long has come; told at most five times a second.
    pub(super) fn progress(&mut self, what: &str, done: u64, all: u64) {
        let interval = match self.look {
            Look::Terminal => Duration::from_millis(200),
            Look::File => Duration::from_secs(1),
        };
        let is_last = done == all;
        if !is_last && self.told.is_some_and(|told| told.elapsed() < interval) {
            return;
        }
        self.told = Some(Instant::now());
        match self.look {
            Look::Terminal => {
                let end = if is_last { "\n" } else { "" };
                self.write(&format!("\r   · {what} {done}/{all}{end}"));
            }
            Look::File => self.line(&format!("   · {what} {done}/{all}")),
        }
    }

    pub(super) fn failed(&mut self, failure: &Failure) {
        self.line(&format!("\n✗✗ {failure}"));
    }

    pub(super) fn end(&mut self, steps: usize) {
        self.line(&format!(
            "\n━━ 全{steps}場面、すべて期待どおり — all {steps} steps held as they must"
        ));
    }

    fn line(&mut self, text: &str) {
        self.write(&format!("{text}\n"));
    }

    fn write(&mut self, text: &str) {
        // Whether the story holds does not depend on who listens.
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).ok();
    }
}
