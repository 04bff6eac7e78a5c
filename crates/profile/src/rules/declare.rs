//! How rules are declared.

macro_rules! number {
    (-) => {
        None
    };
    ($number:literal) => {
        Some($number)
    };
}

/// Declares the rules once, as statics and as one list.
macro_rules! rules {
    ($($name:ident = $code:literal, $number:tt, $category:ident, $issue_type:literal,
        $severity:ident, $japanese:literal, $english:literal, $repair_ja:literal,
        $repair_en:literal;)*) => {
        $(
            #[doc = concat!("The rule `", $code, "`.")]
            pub static $name: kyoyu_domain::problem::Rule = kyoyu_domain::problem::Rule {
                code: $code,
                number: $crate::rules::declare::number!($number),
                category: kyoyu_domain::problem::Category::$category,
                issue_type: $issue_type,
                severity: kyoyu_domain::problem::Severity::$severity,
                japanese: $japanese,
                english: $english,
                repair: ($repair_ja, $repair_en),
                since: "0.1.0",
            };
        )*

        /// The rules that are declared here.
        pub(super) const DECLARED: &[&kyoyu_domain::problem::Rule] = &[$(&$name),*];
    };
}

pub(super) use number;
pub(super) use rules;
