//! 署名 — where a document carries its electronic signature. Whether it is good is not asked
//! here (S9.6).

use kyoyu_domain::phi::Phi;

use crate::{
    checked::SignatureFacts,
    dates,
    json::{Document, Value},
};

/// The signature of a Bundle of type document; none for everything else, and for a document
/// without one.
pub fn of(document: &Document<'_>) -> Option<SignatureFacts> {
    let root = document.root();
    let is_document = root.get("type").is_some_and(|own| own.is("document"));
    root.get("signature").filter(|_| is_document).and_then(facts)
}

fn facts(signature: Value<'_>) -> Option<SignatureFacts> {
    Some(SignatureFacts {
        member: signature.member()?,
        data: signature.text_of("data").map(|data| Phi::new(data.into_owned())),
        when: signature.text_of("when").and_then(|when| dates::instant(&when)),
        place: signature.document().place(signature),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn facts_of(text: &str) -> Option<SignatureFacts> {
        let limits = Limits::default();
        of(&Document::parse(text.as_bytes(), &limits).expect("it is JSON"))
    }

    #[test]
    fn the_member_reaches_from_its_key_to_the_end_of_its_value() {
        let text = r#"{ "resourceType": "Bundle", "type":"document",
            "signature" : {"when": "2026-04-01T09:00:00.000+09:00", "data": "YQ=="} }"#;
        let facts = facts_of(text).expect("a signature");
        assert!(text[facts.member.clone()].starts_with(r#""signature" : {"#));
        assert!(text[facts.member].ends_with(r#""YQ=="}"#));
        assert_eq!(facts.data.expect("data").expose(), "YQ==");
        assert_eq!(facts.when, "2026-04-01T00:00:00Z".parse().ok());
        assert_eq!(facts.place.expression, "Bundle.signature");
    }

    #[test]
    fn only_the_root_of_a_document_is_signed() {
        assert!(facts_of(r#"{"type":"collection","signature":{}}"#).is_none());
        assert!(facts_of(r#"{"type":"document","entry":[{"signature":{}}]}"#).is_none());
        assert!(facts_of(r#"{"type":"document","signature":{}}"#).is_some());
    }
}
