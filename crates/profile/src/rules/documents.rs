//! 文書Bundleの規則 — what a document must be beyond its profiles (S1.4 to S1.8, S9;
//! design §6).

use std::collections::HashSet;

use kyoyu_domain::{
    catalogue,
    identifiers::{BundleIdentifier, InstitutionNumber},
};

use super::{Findings, entries};
use crate::{
    document::{self, attachments, checkup, is_extractable, letter},
    json::Value,
    view::{
        BundleView, birth_date, claims, institution_extensions, institution_number,
        insured_identifiers, person_identifier, sender,
    },
};

/// The Composition stands first, its type is one of the catalogue's, and the Bundle claims the
/// profile of that type.
pub(super) fn composition_type<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(composition) = bundle.composition() else {
        findings.at(bundle.entries.first().map_or(bundle.root, |entry| entry.value));
        return;
    };
    let code = document::type_code(composition);
    if code.as_deref().and_then(catalogue::document).is_none() {
        findings.at(composition.get("type").unwrap_or(composition));
    }
}

pub(super) fn profile<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let code = bundle.composition().and_then(document::type_code);
    let Some(kind) = code.as_deref().and_then(catalogue::document) else { return };
    if !claims(bundle.root, kind.profile) {
        let place = bundle.root.find(&["meta", "profile"]);
        findings.with(place.unwrap_or(bundle.root), kind.profile);
    }
}

pub(super) fn one_patient<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    if bundle.patient().is_none() {
        findings.absent(bundle.root, "entry");
    }
    entries::one_patient(bundle, findings);
}

/// What is extracted has to be about the document's patient.
pub(super) fn subjects<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let patient_url = bundle.patient_url();
    for resource in bundle.resources().filter(|resource| is_extractable(resource)) {
        let name = resource.subject_name();
        match resource.subject_reference() {
            None => findings.absent_with(resource.value, name, name),
            Some(reference) if patient_url.is_some_and(|url| !reference.is(url)) => {
                findings.with(reference, name);
            }
            Some(_) => {}
        }
    }
}

/// Where a resource names its institution, it is the one of the Bundle identifier.
pub(super) fn institutions<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(sender) = sender(bundle) else { return };
    for resource in bundle.resources().filter(|resource| is_extractable(resource)) {
        for extension in institution_extensions(resource.value) {
            if institution_number(extension).is_some_and(|own| own != sender.as_str()) {
                findings.at(extension);
            }
        }
    }
}

pub(super) fn authors<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(sender) = sender(bundle) else { return };
    for (number, place) in letter::authors(bundle) {
        if number != sender.as_str() {
            findings.at(place);
        }
    }
}

fn is<'d>(bundle: &BundleView<'d>, code: &str) -> Option<Value<'d>> {
    let composition = bundle.composition()?;
    document::kind_of(bundle).filter(|kind| kind.code == code)?;
    Some(composition)
}

pub(super) fn one_addressee<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(composition) = is(bundle, "referral") else { return };
    let addressees = letter::addressees(bundle);
    match addressees.as_slice() {
        [] => findings.at(letter::addressee_place(composition)),
        [(number, place)] if number.parse::<InstitutionNumber>().is_err() => findings.at(*place),
        [_] => {}
        [_, others @ ..] => others.iter().for_each(|(_, place)| findings.at(*place)),
    }
}

pub(super) fn has_content<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    if let Some(composition) = is(bundle, "referral").filter(|own| !letter::has_content(*own)) {
        findings.absent(composition, "section");
    }
}

/// A discharge summary that is sent by itself follows a referral.
pub(super) fn follows_referral<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    if let Some(composition) = is(bundle, "discharge-summary")
        && letter::belongs_to(composition).is_none()
    {
        findings.absent_with(composition, "relatesTo", BundleIdentifier::SYSTEM);
    }
}

/// What is nested in a letter is a discharge summary.
pub(super) fn nested_kind<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for nested in document::nested(bundle) {
        if is(bundle, "referral").is_none() || is(&nested, "discharge-summary").is_none() {
            findings.at(nested.root);
        }
    }
}

/// And about the same person.
pub(super) fn nested_patient<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let identity = |patient: Value<'d>| {
        let identifier = insured_identifiers(patient).next().and_then(person_identifier);
        (identifier, birth_date(patient))
    };
    let Some(own) = bundle.patient().map(identity) else { return };
    for nested in document::nested(bundle) {
        match nested.patient() {
            None => findings.absent(nested.root, "entry"),
            Some(patient) if identity(patient) != own => findings.at(patient),
            Some(_) => one_patient(&nested, findings),
        }
        subjects(&nested, findings);
    }
}

pub(super) fn attachment_types<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    judged(bundle, attachments::Judgement::Type, "contentType", findings);
}

pub(super) fn attachment_data<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    judged(bundle, attachments::Judgement::Data, "contentType", findings);
}

pub(super) fn attachment_base64<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    judged(bundle, attachments::Judgement::Base64, "data", findings);
}

fn judged<'d>(
    bundle: &BundleView<'d>,
    judgement: attachments::Judgement,
    place: &str,
    findings: &mut Findings<'d>,
) {
    for attachment in attachments::objects(bundle.root) {
        if attachments::judge(attachment) == Some(judgement) {
            findings.at(attachment.get(place).unwrap_or(attachment));
        }
    }
}

/// An attachment is in the document; nothing is ever fetched.
pub(super) fn attachment_urls<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let named = bundle.root.descendants().filter(|value| value.key_is("attachment"));
    let urls = attachments::objects(bundle.root).chain(named).filter_map(|value| value.get("url"));
    let mut seen = HashSet::new();
    for url in urls.filter(|value| value.is_string()) {
        if seen.insert(url.id()) {
            findings.at(url);
        }
    }
}

pub(super) fn attachment_count<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let most = bundle.limits.attachments;
    if let Some(beyond) = attachments::objects(bundle.root).nth(most) {
        findings.with(beyond, most.to_string());
    }
}

/// The patient reads the summary: nothing in it may be hidden from the patient (design §6).
pub(super) fn summary_flags<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    if is(bundle, "patient-summary").is_none() {
        return;
    }
    for resource in bundle.resources() {
        if resource.flags.uninformed || resource.flags.undelivered {
            findings.at(resource.value);
        }
    }
}

pub(super) fn checkup_programme<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(composition) = is(bundle, "checkup") else { return };
    let Some(coding) = checkup::programme(composition) else { return };
    if coding.text_of("code").is_some_and(|code| checkup::MUNICIPAL.contains(&&*code)) {
        findings.at(coding);
    }
}
