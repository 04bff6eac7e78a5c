//! 符号 — enums whose values have a permanent code and a Japanese name.

/// Gives an enum the look-ups in its table `ALL` of (value, code, Japanese name).
macro_rules! coded {
    ($type:ty) => {
        impl $type {
            fn row(self) -> &'static (Self, &'static str, &'static str) {
                Self::ALL.iter().find(|row| row.0 == self).expect("every value has a row")
            }

            /// The permanent code.
            pub fn code(self) -> &'static str {
                self.row().1
            }

            /// The Japanese name.
            pub fn japanese(self) -> &'static str {
                self.row().2
            }

            /// The value of a code.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().find(|row| row.1 == code).map(|row| row.0)
            }
        }
    };
}

pub(crate) use coded;
