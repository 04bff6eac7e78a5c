//! 文書一覧 — letters as `DocumentReference`: who sent which to whom and where it stands,
//! nothing of what it says. And `Organization`, the answer to 利用状況確認.

use fhir_sdk::r4b::{
    codes::{CompositionStatus, DocumentReferenceStatus},
    resources::{
        DocumentReference, DocumentReferenceContent, DocumentReferenceRelatesTo, Organization,
    },
    types::{Attachment, Extension, ExtensionValue, Meta, Reference},
};
use kyoyu_domain::{
    identifiers::{BundleIdentifier, InstitutionNumber, ResourceId},
    letter::Letter,
    signature::Verification,
};

use crate::{
    names, parts,
    searchset::{self, Frame},
    splice,
};

const COMPLETE: &str = "every mandatory element is set";
const DOCUMENT_TYPE: &str = "http://jpfhir.jp/fhir/Common/CodeSystem/doc-typecodes";

/// 文書 — a letter with the names of both institutions.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// The letter.
    pub letter: &'a Letter,
    /// The sender's name as of registration.
    pub sender_name: &'a str,
    /// The addressee's name as of registration.
    pub addressee_name: &'a str,
    /// What became of its electronic signature, if it has one.
    pub signature: Option<&'a Verification>,
}

/// The id under which a letter is listed and fetched.
pub fn id_of(letter: &Letter) -> ResourceId {
    ResourceId { submission: letter.submission, ordinal: 1 }
}

/// 文書一覧 — a page of letters, in the order given.
pub fn document_references(frame: &Frame<'_>, letters: &[Listed<'_>]) -> Vec<u8> {
    let entry = |listed: &Listed<'_>| {
        let full_url = format!("{}/DocumentReference/{}", frame.base_url, id_of(listed.letter));
        (full_url, document_reference(listed))
    };
    let letters: Vec<_> = letters.iter().map(entry).collect();
    searchset::of_resources(frame, &letters)
}

/// One letter.
pub fn document_reference(listed: &Listed<'_>) -> Vec<u8> {
    splice::bytes(&build(listed))
}

fn build(listed: &Listed<'_>) -> DocumentReference {
    let Listed { letter, sender_name, addressee_name, signature } = *listed;
    let id = id_of(letter);
    let moved_at = letter.received_at.or(letter.visible_at).unwrap_or(letter.registered_at);
    let meta = Meta::builder().last_updated(parts::instant(moved_at)).build().expect(COMPLETE);
    let mut reference = DocumentReference::builder()
        .id(id.to_string())
        .meta(meta)
        .extension(extensions(letter, addressee_name, signature))
        .master_identifier(parts::identifier(BundleIdentifier::SYSTEM, letter.identifier.value()))
        .status(DocumentReferenceStatus::Current)
        .doc_status(CompositionStatus::Final)
        .r#type(parts::concept(parts::coding_with(
            DOCUMENT_TYPE,
            letter.kind.document_code().unwrap_or_default(),
            letter.kind.japanese,
        )))
        .subject(parts::reference(format!("Patient/{}", letter.person)))
        .date(parts::instant(letter.registered_at))
        .author(vec![Some(institution(letter.sender(), sender_name))])
        .content(vec![Some(content(id))])
        .build()
        .expect(COMPLETE);
    if let Some(referral) = letter.belongs_to {
        let referral = ResourceId { submission: referral, ordinal: 1 };
        reference.relates_to = vec![Some(follows(referral))];
    }
    reference
}

fn extensions(
    letter: &Letter,
    addressee_name: &str,
    signature: Option<&Verification>,
) -> Vec<Extension> {
    let state =
        parts::coding_with(names::LETTER_STATE, letter.state.code(), letter.state.japanese());
    let mut extensions = vec![
        parts::extension(names::LETTER_STATE_OF, ExtensionValue::Coding(state)),
        parts::extension(
            names::LETTER_ADDRESSEE,
            ExtensionValue::Reference(institution(letter.addressee, addressee_name)),
        ),
    ];
    if let Some(received_at) = letter.received_at {
        let at = ExtensionValue::Instant(parts::instant(received_at));
        extensions.push(parts::extension(names::LETTER_RECEIVED_AT, at));
    }
    extensions.push(crate::signature::extension(signature));
    extensions
}

fn institution(number: InstitutionNumber, name: &str) -> Reference {
    let mut reference = Reference::builder()
        .identifier(parts::identifier(names::INSTITUTION_NUMBER, number.as_str()))
        .build()
        .expect(COMPLETE);
    reference.display = Some(name.to_owned());
    reference
}

fn content(id: ResourceId) -> DocumentReferenceContent {
    let attachment = Attachment::builder()
        .content_type("application/fhir+json".to_owned())
        .url(format!("Bundle/{id}"))
        .build()
        .expect(COMPLETE);
    DocumentReferenceContent::builder().attachment(attachment).build().expect(COMPLETE)
}

fn follows(referral: ResourceId) -> DocumentReferenceRelatesTo {
    DocumentReferenceRelatesTo::builder()
        .code(fhir_sdk::r4b::codes::DocumentRelationshipType::Appends)
        .target(parts::reference(format!("DocumentReference/{referral}")))
        .build()
        .expect(COMPLETE)
}

/// 利用状況確認 — an institution that takes part.
pub fn organization(number: InstitutionNumber, name: &str) -> Vec<u8> {
    let organization = Organization::builder()
        .id(number.to_string())
        .identifier(vec![Some(parts::identifier(names::INSTITUTION_NUMBER, number.as_str()))])
        .active(true)
        .name(name.to_owned())
        .build()
        .expect(COMPLETE);
    splice::bytes(&organization)
}
