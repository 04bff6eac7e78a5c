//! 見取り図 — a Bundle as the rules look at it: read once, asked by many.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};

use kyoyu_domain::identifiers::{
    BundleIdentifier, InstitutionNumber, PersonIdentifier, PersonIdentifierSystem,
};

use crate::{
    dates,
    generation::Generation,
    json::Value,
    limits::Limits,
    resource::{self, ResourceView},
};

/// The system of the tag that names the resource type of a collection Bundle.
pub(crate) const TYPE_TAG_SYSTEM: &str =
    "http://jpfhir.jp/fhir/clins/CodeSystem/BundleResourceType_CS";

/// The extension that names the institution.
pub(crate) const INSTITUTION_EXTENSION_URL: &str =
    "http://jpfhir.jp/fhir/clins/Extension/StructureDefinition/JP_eCS_InstitutionNumber";

/// 見取り図 — one collection Bundle.
#[derive(Debug)]
pub struct BundleView<'d> {
    /// The Bundle.
    pub(crate) root: Value<'d>,
    /// How much it may hold.
    pub(crate) limits: Limits,
    /// The generation of the guide by which it is judged.
    pub(crate) generation: Generation,
    /// The codes of the tags that name the resource type.
    pub(crate) type_tags: Vec<TypeTag<'d>>,
    /// `Bundle.identifier`, where its form is right.
    pub(crate) identifier: Option<BundleIdentifier>,
    /// `Bundle.timestamp`, where it is an instant.
    pub(crate) sent_at: Option<DateTime<Utc>>,
    /// The entries in document order.
    pub(crate) entries: Vec<EntryView<'d>>,
}

/// A tag that names the resource type.
#[derive(Debug)]
pub(crate) struct TypeTag<'d> {
    pub(crate) value: Value<'d>,
    pub(crate) code: Option<Cow<'d, str>>,
}

/// One entry.
#[derive(Debug)]
pub(crate) struct EntryView<'d> {
    pub(crate) value: Value<'d>,
    pub(crate) full_url: Option<Cow<'d, str>>,
    pub(crate) resource: Option<ResourceView<'d>>,
}

impl<'d> BundleView<'d> {
    /// Reads the Bundle; what is not there or has another shape is simply not read. Where it
    /// names no generation, `unnamed` is meant.
    pub(crate) fn new(root: Value<'d>, limits: &Limits, unnamed: Generation) -> Self {
        let identifier = root.find(&["identifier", "value"]).and_then(Value::as_str);
        let system = root.find(&["identifier", "system"]);
        let has_system = system.is_some_and(|system| system.is(BundleIdentifier::SYSTEM));
        Self {
            root,
            limits: *limits,
            generation: Generation::named(root).unwrap_or(unnamed),
            type_tags: type_tags(root),
            identifier: identifier.filter(|_| has_system).and_then(|text| text.parse().ok()),
            sent_at: root.text_of("timestamp").and_then(|text| dates::instant(&text)),
            entries: root.list("entry").map(EntryView::new).collect(),
        }
    }

    /// The resource type that the Bundle is tagged with, where the tag is right.
    pub(crate) fn tagged_type(&self) -> Option<&str> {
        let mut valid = self.type_tags.iter().filter_map(TypeTag::valid_code);
        match (valid.next(), valid.next()) {
            (Some(code), None) => Some(code),
            _ => None,
        }
    }

    /// Every resource.
    pub(crate) fn resources(&self) -> impl Iterator<Item = &ResourceView<'d>> {
        self.entries.iter().filter_map(|entry| entry.resource.as_ref())
    }

    /// Every resource behind the first entry.
    pub(crate) fn shared(&self) -> impl Iterator<Item = &ResourceView<'d>> {
        self.entries.iter().skip(1).filter_map(|entry| entry.resource.as_ref())
    }

    /// Every resource of a type.
    pub(crate) fn of_type(&self, resource_type: &str) -> impl Iterator<Item = &ResourceView<'d>> {
        self.resources().filter(move |resource| resource.resource_type == resource_type)
    }

    /// Whether it is a document; everything else is checked as a collection.
    pub(crate) fn is_document(&self) -> bool {
        self.root.get("type").is_some_and(|own| own.is("document"))
    }

    /// The Composition of the first entry.
    pub(crate) fn composition(&self) -> Option<Value<'d>> {
        let resource = self.entries.first()?.resource.as_ref()?;
        (resource.resource_type == "Composition").then_some(resource.value)
    }

    /// The Patient: of a collection that of the first entry, of a document the first one.
    pub(crate) fn patient(&self) -> Option<Value<'d>> {
        Some(self.patient_entry()?.resource.as_ref()?.value)
    }

    /// The fullUrl of the Patient.
    pub(crate) fn patient_url(&self) -> Option<&str> {
        self.patient_entry()?.full_url.as_deref()
    }

    fn patient_entry(&self) -> Option<&EntryView<'d>> {
        let is_patient = |entry: &&EntryView<'d>| {
            entry.resource.as_ref().is_some_and(|resource| resource.resource_type == "Patient")
        };
        if self.is_document() {
            return self.entries.iter().find(is_patient);
        }
        self.entries.first().filter(is_patient)
    }

    /// The resource that a reference leads to, by the `fullUrl` of its entry.
    ///
    /// Source: FHIR R4, Bundle, resolving references.
    pub(crate) fn resolve(&self, reference: &str) -> Option<Value<'d>> {
        let is_target = |entry: &&EntryView<'d>| {
            let url = entry.full_url.as_deref().unwrap_or_default();
            let before = url.strip_suffix(reference);
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        Some(self.entries.iter().find(is_target)?.resource.as_ref()?.value)
    }
}

impl TypeTag<'_> {
    /// The code, if it is one of the three.
    pub(crate) fn valid_code(&self) -> Option<&str> {
        self.code.as_deref().filter(|code| resource::COLLECTION_TYPES.contains(code))
    }
}

impl<'d> EntryView<'d> {
    fn new(value: Value<'d>) -> Self {
        Self {
            value,
            full_url: value.text_of("fullUrl"),
            resource: value.get("resource").and_then(resource::read),
        }
    }
}

fn type_tags(root: Value<'_>) -> Vec<TypeTag<'_>> {
    root.get("meta")
        .into_iter()
        .flat_map(|meta| meta.list("tag"))
        .filter(|tag| tag.get("system").is_some_and(|system| system.is(TYPE_TAG_SYSTEM)))
        .map(|value| TypeTag { value, code: value.text_of("code") })
        .collect()
}

/// The insured-person identifiers of a Patient.
pub(crate) fn insured_identifiers(patient: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let system = PersonIdentifierSystem::Insured.uri();
    patient
        .list("identifier")
        .filter(move |identifier| identifier.get("system").is_some_and(|own| own.is(system)))
}

/// The identifier's value, where its form is right.
pub(crate) fn person_identifier(identifier: Value<'_>) -> Option<PersonIdentifier> {
    let system = PersonIdentifierSystem::from_uri(&identifier.text_of("system")?)?;
    PersonIdentifier::new(system, &identifier.text_of("value")?).ok()
}

/// `Patient.birthDate`, where it is a full date.
pub(crate) fn birth_date(patient: Value<'_>) -> Option<NaiveDate> {
    dates::date(&patient.text_of("birthDate")?)
}

/// The values of the institution number extension of a resource.
pub(crate) fn institution_extensions(resource: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    extensions(resource, INSTITUTION_EXTENSION_URL)
}

/// The extensions of a resource with this URL.
pub(crate) fn extensions<'d>(
    resource: Value<'d>,
    url: &'static str,
) -> impl Iterator<Item = Value<'d>> {
    resource
        .list("extension")
        .filter(move |extension| extension.get("url").is_some_and(|own| own.is(url)))
}

/// The number that an institution number extension holds.
pub(crate) fn institution_number(extension: Value<'_>) -> Option<Cow<'_, str>> {
    extension.find(&["valueIdentifier", "value"])?.as_str()
}

/// Whether a number has the form of the published rules, which is wider than
/// [`InstitutionNumber`]: prefecture 00-49, 点数表区分 1 to 3 (R9012).
pub(crate) fn is_published_institution_form(number: &str) -> bool {
    let bytes = number.as_bytes();
    bytes.len() == 10
        && bytes.iter().all(u8::is_ascii_digit)
        && bytes[0] <= b'4'
        && matches!(bytes[2], b'1'..=b'3')
}

/// Whether a canonical is this one, bare or with any version.
pub(crate) fn names_profile(canonical: &str, profile: &str) -> bool {
    canonical.strip_prefix(profile).is_some_and(|rest| rest.is_empty() || rest.starts_with('|'))
}

/// Whether a resource claims a profile, with whatever version.
pub(crate) fn claims(resource: Value<'_>, profile: &str) -> bool {
    let meta = resource.get("meta").into_iter();
    let mut claimed = meta.flat_map(|meta| meta.list("profile")).filter_map(Value::as_str);
    claimed.any(|own| names_profile(&own, profile))
}

/// The institution of the Bundle identifier.
pub(crate) fn sender(bundle: &BundleView<'_>) -> Option<InstitutionNumber> {
    bundle.identifier.as_ref().map(BundleIdentifier::institution)
}
