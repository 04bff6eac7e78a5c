//! 言語 — the languages in which the reference validator looks for names of codes.
//!
//! It answers each question about a code in the language of the resource, and refuses the
//! code where that language is not registered. No rule of FHIR says so; the mode that is
//! compared with it follows.
//!
//! Source: the IANA registry of language subtags, RFC 5646.

use super::{
    object::NAMES,
    resources::{ResourceId, Resources},
};
use crate::json::Value;

/// The registered subtags of two letters. Those of three are some 8,000 that no resource of
/// this service is in.
const REGISTERED: &str = "\
     aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs \
     cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha \
     he hi ho hr ht hu hy hz ia id ie ig ii ik in io is it iu iw ja ji jv jw ka kg ki kj \
     kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr \
     ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro \
     ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl \
     tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Whether the language that a resource is in is registered: its own, or else that of the
/// resource around it. One that names none has no part in this.
pub(super) fn is_registered(resources: &Resources<'_>, resource: ResourceId) -> bool {
    let around = |id: &ResourceId| resources[*id].around;
    let mut outwards = std::iter::successors(Some(resource), around);
    let stated = outwards.find_map(|id| {
        let language = resources[id].value.field(NAMES.language).and_then(Value::as_str)?;
        Some(language).filter(|text| !text.trim().is_empty())
    });
    stated.is_none_or(|text| is_registered_tag(text.trim()))
}

/// A registered language, then script, region and variants in the form that they have there.
fn is_registered_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    if language.len() != 2 || !REGISTERED.split(' ').any(|own| own == language) {
        return false;
    }
    parts.all(|part| {
        let is = |test: fn(&u8) -> bool| part.bytes().all(|byte| test(&byte));
        match part.len() {
            2 => is(u8::is_ascii_uppercase),
            3 => is(u8::is_ascii_digit) || is(u8::is_ascii_lowercase),
            4 => part.starts_with(|first: char| first.is_ascii_uppercase()),
            5..=8 => is(u8::is_ascii_alphanumeric),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::is_registered_tag;

    #[test]
    fn tags_are_registered_with_the_case_that_they_have_in_the_registry() {
        for tag in ["ja", "ja-JP", "en-US", "zh-Hans-CN", "es-419"] {
            assert!(is_registered_tag(tag), "{tag}");
        }
        for tag in ["xx", "JA", "Ja", "en_US", "zzz", "x-foo", "xx-yy-zz", "ja-jp", "日本"] {
            assert!(!is_registered_tag(tag), "{tag}");
        }
    }
}
