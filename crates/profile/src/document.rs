//! 文書Bundleの検査 — what the service has to know of a document that passed.
//!
//! Source: S1.4 to S1.8, S9; design §6.

pub(crate) mod attachments;
pub(crate) mod checkup;
pub(crate) mod letter;
mod prescriptions;
pub(crate) mod signature;

use std::borrow::Cow;

use kyoyu_domain::{
    catalogue::{self, Kind},
    identifiers::IdentifierHash,
    phi::Phi,
};

use self::prescriptions::Lists;
use crate::{
    checked::{CheckedBundle, CheckedResource, DocumentFacts, PatientFacts},
    collection::checked,
    dates,
    json::Value,
    resource::ResourceView,
    view::{BundleView, birth_date, claims, insured_identifiers, person_identifier},
};

/// The kind that the Composition says, and that the Bundle's profile says too.
pub(crate) fn kind_of(bundle: &BundleView<'_>) -> Option<&'static Kind> {
    let kind = catalogue::document(&type_code(bundle.composition()?)?)?;
    claims(bundle.root, kind.profile).then_some(kind)
}

/// The code of `Composition.type`.
pub(crate) fn type_code(composition: Value<'_>) -> Option<Cow<'_, str>> {
    composition.get("type")?.list("coding").next()?.text_of("code")
}

/// The Bundles that are nested in a document.
pub(crate) fn nested<'d>(bundle: &BundleView<'d>) -> impl Iterator<Item = BundleView<'d>> {
    let (limits, generation) = (bundle.limits, bundle.generation);
    let bundles = bundle.of_type("Bundle").map(|resource| resource.value);
    bundles
        .map(move |value| BundleView::new(value, &limits, generation))
        .collect::<Vec<_>>()
        .into_iter()
}

/// What a document without errors says; the rules see to it that everything is there.
pub(crate) fn read(bundle: &BundleView<'_>) -> Option<CheckedBundle> {
    let patient = bundle.patient()?;
    let kind = kind_of(bundle)?;
    let composition = bundle.composition()?;
    let nested: Vec<BundleView<'_>> = nested(bundle).collect();
    let resources = if kind.is_letter() { extractable(bundle, &nested)? } else { Vec::new() };
    let checkup = kind.code == "checkup";
    let addressees = letter::addressees(bundle);
    Some(CheckedBundle {
        identifier: bundle.identifier.clone()?,
        sent_at: bundle.sent_at?,
        patient: PatientFacts {
            identifier: insured_identifiers(patient).next().and_then(person_identifier)?,
            birth_on: Phi::new(birth_date(patient)?),
        },
        envelope: Vec::new(),
        resources,
        document: Some(DocumentFacts {
            kind,
            identifier: if checkup {
                checkup::identity(composition)?
            } else {
                IdentifierHash::of(bundle.identifier.as_ref()?.value())
            },
            dated_at: if checkup {
                checkup::held_at(composition)
            } else {
                dates::date_time(&composition.text_of("date")?)
            },
            addressee: addressees.first().and_then(|(number, _)| number.parse().ok()),
            belongs_to: letter::belongs_to(composition),
            nested: u16::try_from(nested.len()).ok()?,
            attachments: attachments::of(bundle.root),
            has_files: attachments::objects(bundle.root).any(|one| one.get("data").is_some()),
        }),
    })
}

/// The resources of the shared kinds, those of nested Bundles behind the document's own:
/// their ordinals go on where the entries of the document end.
fn extractable(bundle: &BundleView<'_>, nested: &[BundleView<'_>]) -> Option<Vec<CheckedResource>> {
    let mut resources = Vec::new();
    let mut ordinal = 0;
    let own = Lists::of(bundle, None);
    let within = nested.iter().map(|nested| (nested, Lists::of(nested, Some(&own))));
    let within: Vec<_> = within.collect();
    let all = std::iter::once((bundle, &own));
    for (bundle, lists) in all.chain(within.iter().map(|(nested, lists)| (*nested, lists))) {
        let patient_url = bundle.patient_url()?;
        for entry in &bundle.entries {
            if let Some(resource) = entry.resource.as_ref().filter(|one| is_extractable(one)) {
                let mut checked = checked(ordinal, resource, patient_url)?;
                let is_line = resource.resource_type == "MedicationRequest";
                checked.listed = is_line.then(|| lists.place(resource.value));
                resources.push(checked);
            }
            ordinal += 1;
        }
    }
    Some(resources)
}

/// Only what claims the profile of its kind: findings and histories of a letter are of the
/// same FHIR types and are not shared (S1.4).
pub(crate) fn is_extractable(resource: &ResourceView<'_>) -> bool {
    resource.kind.is_ok_and(|kind| !kind.is_document() && claims(resource.value, kind.profile))
}
