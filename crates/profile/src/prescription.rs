//! 処方 — what the service and its pages need of prescriptions: of one line what a page draws,
//! and what an answer of the e-prescription service says.
//!
//! Source: S2.12, S2.13, S6.

mod answer;
mod line;

pub use self::{
    answer::{AnsweredLine, answer},
    line::line,
};
use crate::json::Value;

/// 標準コード — YJ and 規格別薬剤成分; the second is what narratives of the guide call YJ.
const STANDARD_CODES: &[&str] = &[
    "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code",
    "urn:oid:1.2.392.100495.20.1.73",
    "http://capstandard.jp/CodeSystem/KikakubetsuYakuzaiSeibun",
];

/// Whether a line names its drug by a standard code; without one nobody can tell by program
/// what it is (S6.9).
pub(crate) fn has_standard_code(request: Value<'_>) -> bool {
    let drug = request.get("medicationCodeableConcept").into_iter();
    let mut codings = drug.flat_map(|concept| concept.list("coding"));
    codings.any(|coding| {
        let is_standard = |system: Value<'_>| STANDARD_CODES.iter().any(|own| system.is(own));
        coding.get("system").is_some_and(is_standard)
            && coding.text_of("code").is_some_and(|code| !code.trim().is_empty())
    })
}
