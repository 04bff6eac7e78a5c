//! hcRole — the healthcare role in `subjectDirectoryAttributes`.
//!
//! Source: ISO 17090-2, HCActorData: a SET of actors, each a SEQUENCE whose `[0]` is the coded
//! data, a SET of `[0]` the coding scheme, `[1]` a code and `[2]` a free text. HPKI writes the
//! qualification as free text, such as `Medical Doctor`. Some write tags explicitly and some
//! implicitly; both are read.

use der::asn1::ObjectIdentifier;
use kyoyu_domain::signature::HealthcareRole;
use x509_cert::{TbsCertificate, ext::pkix::SubjectDirectoryAttributes};

use crate::element::{Element, SEQUENCE, SET, context, elements};

const HEALTHCARE_ACTOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.0.17090.0.1");
const FREE_TEXT: u8 = 2;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;

/// The first role of a certificate.
pub(crate) fn of(certificate: &TbsCertificate) -> Option<HealthcareRole> {
    let (_, attributes) = certificate.get::<SubjectDirectoryAttributes>().ok()??;
    let mut actors = attributes.0.iter().filter(|attribute| attribute.oid == HEALTHCARE_ACTOR);
    actors.find_map(|attribute| first_role(attribute.value.value()))
}

/// `values` are the attribute's: each a set of actors, or one actor by itself.
fn first_role(values: &[u8]) -> Option<HealthcareRole> {
    let values = elements(values)?.into_iter();
    let actors = values.flat_map(|value| value.children(SET).unwrap_or_else(|| vec![value]));
    let mut roles = actors.filter_map(|actor| {
        let coded = actor.children(SEQUENCE)?.into_iter().find(|part| part.tag == context(0))?;
        free_text(coded)
    });
    roles.next()
}

fn free_text(coded: Element<'_>) -> Option<HealthcareRole> {
    let parts = elements(coded.content)?;
    let explicit = match parts.as_slice() {
        [only] => only.children(SET),
        _ => None,
    };
    let mut parts = explicit.unwrap_or(parts).into_iter();
    let text = parts.find(|part| part.tag & 0x1f == FREE_TEXT && part.tag & 0x80 != 0)?;
    let inner = Element::of(text.content);
    let known = |one: &Element<'_>| [UTF8_STRING, PRINTABLE_STRING].contains(&one.tag);
    let bytes = inner.filter(known).map_or(text.content, |inner| inner.content);
    HealthcareRole::new(std::str::from_utf8(bytes).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let length = u8::try_from(content.len()).expect("short");
        assert!(length < 0x80);
        [&[tag, length][..], &content].concat()
    }

    fn coded(text: &[u8]) -> Vec<u8> {
        let scheme = element(context(0), &[&element(0x06, &[b"\x2a\x03"])]);
        [scheme, text.to_vec()].concat()
    }

    fn role(values: &[u8]) -> Option<String> {
        first_role(values).map(|role| role.as_str().to_owned())
    }

    #[test]
    fn a_role_is_read_with_explicit_and_with_implicit_tags() {
        let explicit = element(context(FREE_TEXT), &[&element(UTF8_STRING, &[b"Dentist"])]);
        let implicit = element(0x80 | FREE_TEXT, &[b"Dentist"]);
        for text in [explicit, implicit] {
            let within = element(context(0), &[&element(SET, &[&coded(&text)])]);
            let direct = element(context(0), &[&coded(&text)]);
            for data in [within, direct] {
                let actor = element(SEQUENCE, &[&data]);
                assert_eq!(role(&actor).as_deref(), Some("Dentist"));
                assert_eq!(role(&element(SET, &[&actor])).as_deref(), Some("Dentist"));
            }
        }
    }

    #[test]
    fn garbage_has_no_role() {
        for garbage in [&b""[..], b"\x31", b"\x31\x80", b"\x30\x02\xa0\x00", b"\xff\xff\xff\xff"] {
            assert_eq!(role(garbage), None);
        }
    }
}
