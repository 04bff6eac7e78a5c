//! 個人健康情報 — a wrapper that keeps patient data out of logs.

use std::fmt;

/// Protected health information: `Debug` prints `<redacted>`, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phi<T>(T);

impl<T> Phi<T> {
    /// Wraps a value that must never be printed.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Opens the wrapper. Only checking, storing and rendering may do this.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// Opens the wrapper for good.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Phi<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<redacted>")
    }
}

#[cfg(test)]
mod tests {
    use super::Phi;

    #[test]
    fn patient_data_prints_as_redacted() {
        assert_eq!(format!("{:?}", Phi::new("00012345:1:2:01")), "<redacted>");
    }
}
