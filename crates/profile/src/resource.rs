//! リソース — what the service has to know of one shared resource.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use kyoyu_domain::{
    catalogue::{self, Kind, Traits, Unrecognised},
    entry::{ClinicalStatus, Flags, Standing},
    lab_items::{self, CORE_LAB_SYSTEMS, INFECTION_SYSTEMS},
};

use crate::{
    dates,
    json::{Document, Value},
    limits::Limits,
};

/// The types of which a collection Bundle holds one (R02142). Prescriptions, though shared,
/// come in documents only.
pub(crate) const COLLECTION_TYPES: &[&str] = &["AllergyIntolerance", "Condition", "Observation"];

/// The system of the one identifier that every shared resource has.
pub(crate) const RESOURCE_IDENTIFIER_SYSTEM: &str =
    "http://jpfhir.jp/fhir/core/IdSystem/resourceInstance-identifier";

/// System and code of every `code.coding`, of a prescription of every code of its drug; an
/// absent one is empty. A text that cannot be read has none.
pub fn codings(text: &[u8]) -> Vec<(String, String)> {
    // What is stored has passed the limits of its day; those of today do not matter.
    let limits = Limits { body_bytes: usize::MAX, nodes: usize::MAX, ..Limits::default() };
    let Ok(document) = Document::parse(text, &limits) else { return Vec::new() };
    let text_of = |coding: Value<'_>, key| coding.text_of(key).unwrap_or_default().into_owned();
    let drug = document.root().get("medicationCodeableConcept").into_iter();
    code_codings(document.root())
        .chain(drug.flat_map(|concept| concept.list("coding")))
        .map(|coding| (text_of(coding, "system"), text_of(coding, "code")))
        .collect()
}

/// A resource as the rules look at it.
#[derive(Debug)]
pub(crate) struct ResourceView<'d> {
    pub(crate) value: Value<'d>,
    pub(crate) resource_type: Cow<'d, str>,
    /// What it is shared as.
    pub(crate) kind: Result<&'static Kind, Unrecognised>,
    /// Its resource identifiers.
    pub(crate) identifiers: Vec<Value<'d>>,
    pub(crate) item: Item<'d>,
    pub(crate) dated_at: Read<'d, DateTime<Utc>>,
    pub(crate) standing: Read<'d, Standing>,
    pub(crate) clinical: Read<'d, ClinicalStatus>,
    pub(crate) flags: Flags,
}

/// What became of an element.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Read<'d, T> {
    Absent,
    Good(T),
    Bad(Value<'d>),
}

/// Which shared item the codings mean.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Item<'d> {
    /// The item of the first coding that means one; 0: none does.
    pub(crate) id: u16,
    /// A coding of a shared system whose code is in no table.
    pub(crate) unknown: Option<Value<'d>>,
    /// A coding that means another item than an earlier one.
    pub(crate) conflict: Option<Value<'d>>,
}

impl<'d, T: Copy> Read<'d, T> {
    pub(crate) fn good(self) -> Option<T> {
        match self {
            Self::Good(value) => Some(value),
            Self::Absent | Self::Bad(_) => None,
        }
    }

    pub(crate) fn bad(self) -> Option<Value<'d>> {
        match self {
            Self::Bad(value) => Some(value),
            Self::Absent | Self::Good(_) => None,
        }
    }
}

impl<'d> ResourceView<'d> {
    /// The name of the element that refers to the patient.
    pub(crate) fn subject_name(&self) -> &'static str {
        if self.resource_type == "AllergyIntolerance" { "patient" } else { "subject" }
    }

    /// The reference to the patient, a string.
    pub(crate) fn subject_reference(&self) -> Option<Value<'d>> {
        self.value.find(&[self.subject_name(), "reference"]).filter(|value| value.is_string())
    }

    /// The tags of the resource.
    pub(crate) fn tags(&self) -> impl Iterator<Item = Value<'d>> + use<'d> {
        tags(self.value)
    }

    /// The codings of `code`.
    pub(crate) fn codings(&self) -> impl Iterator<Item = Value<'d>> + use<'d> {
        code_codings(self.value)
    }

    /// Whether the resource is of a type that a collection holds.
    pub(crate) fn is_of_shared_type(&self) -> bool {
        COLLECTION_TYPES.contains(&&*self.resource_type)
    }
}

/// Reads one resource; none without a type.
pub(crate) fn read(value: Value<'_>) -> Option<ResourceView<'_>> {
    let resource_type = value.text_of("resourceType")?;
    let systems: Vec<_> = code_codings(value).filter_map(|c| c.text_of("system")).collect();
    let categories: Vec<_> = value.list("category").filter_map(Value::as_str).collect();
    let kind = recognise(&resource_type, &systems, &categories);
    let is_observation = resource_type == "Observation";
    Some(ResourceView {
        value,
        kind,
        identifiers: resource_identifiers(value),
        item: if is_observation { item(value) } else { Item::default() },
        dated_at: dated_at(value, &resource_type),
        standing: standing(value, &resource_type),
        clinical: clinical(value, &resource_type),
        flags: flags(value),
        resource_type,
    })
}

fn recognise(
    resource_type: &str,
    systems: &[Cow<'_, str>],
    categories: &[Cow<'_, str>],
) -> Result<&'static Kind, Unrecognised> {
    let code_systems: Vec<&str> = systems.iter().map(AsRef::as_ref).collect();
    let categories: Vec<&str> = categories.iter().map(AsRef::as_ref).collect();
    let traits = Traits { code_systems: &code_systems, categories: &categories };
    catalogue::recognise(resource_type, traits)
}

fn code_codings(resource: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    resource.get("code").into_iter().flat_map(|code| code.list("coding"))
}

fn tags(resource: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    resource.get("meta").into_iter().flat_map(|meta| meta.list("tag"))
}

fn resource_identifiers(resource: Value<'_>) -> Vec<Value<'_>> {
    resource
        .list("identifier")
        .filter(|identifier| {
            identifier.get("system").is_some_and(|own| own.is(RESOURCE_IDENTIFIER_SYSTEM))
        })
        .collect()
}

/// Whether a coding belongs to one of the four shared systems.
pub(crate) fn is_shared_system(system: &str) -> bool {
    CORE_LAB_SYSTEMS.contains(&system) || INFECTION_SYSTEMS.contains(&system)
}

fn item(observation: Value<'_>) -> Item<'_> {
    let mut item = Item::default();
    for coding in code_codings(observation) {
        let Some(system) = coding.text_of("system").filter(|system| is_shared_system(system))
        else {
            continue;
        };
        let found = coding.text_of("code").and_then(|code| lab_items::find(&system, &code));
        match found {
            None => item.unknown = item.unknown.or(Some(coding)),
            Some(found) if item.id == 0 => item.id = found.id,
            Some(found) if item.id != found.id => item.conflict = item.conflict.or(Some(coding)),
            Some(_) => {}
        }
    }
    item
}

/// 採取日時・発症日・処方日 — the first of the elements that date the resource and is there.
fn dated_at<'d>(resource: Value<'d>, resource_type: &str) -> Read<'d, DateTime<Utc>> {
    let paths: &[&[&str]] = match resource_type {
        "Observation" => {
            &[&["effectiveDateTime"], &["effectiveInstant"], &["effectivePeriod", "start"]]
        }
        "MedicationRequest" => &[&["authoredOn"]],
        _ => &[&["onsetDateTime"], &["recordedDate"]],
    };
    let Some(value) = paths.iter().find_map(|path| resource.find(path)) else {
        return Read::Absent;
    };
    match value.as_str().and_then(|text| dates::date_time(&text)) {
        Some(at) => Read::Good(at),
        None => Read::Bad(value),
    }
}

fn standing<'d>(resource: Value<'d>, resource_type: &str) -> Read<'d, Standing> {
    let system = match resource_type {
        "Observation" => return observation_standing(resource),
        "Condition" => "http://terminology.hl7.org/CodeSystem/condition-ver-status",
        "AllergyIntolerance" => {
            "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
        }
        _ => return Read::Absent,
    };
    let is_condition = resource_type == "Condition";
    concept_code(resource, "verificationStatus", system, |code| match code {
        "refuted" => Some(Standing::Refuted),
        "entered-in-error" => Some(Standing::EnteredInError),
        "confirmed" | "unconfirmed" => Some(Standing::Standing),
        "provisional" | "differential" if is_condition => Some(Standing::Standing),
        _ => None,
    })
}

fn observation_standing(resource: Value<'_>) -> Read<'_, Standing> {
    let Some(status) = resource.get("status") else { return Read::Absent };
    match status.as_str().as_deref() {
        Some("registered") => Read::Good(Standing::Awaited),
        Some("cancelled") => Read::Good(Standing::Cancelled),
        Some("entered-in-error") => Read::Good(Standing::EnteredInError),
        Some("preliminary" | "final" | "amended" | "corrected" | "unknown") => {
            Read::Good(Standing::Standing)
        }
        _ => Read::Bad(status),
    }
}

fn clinical<'d>(resource: Value<'d>, resource_type: &str) -> Read<'d, ClinicalStatus> {
    let system = match resource_type {
        "Condition" => "http://terminology.hl7.org/CodeSystem/condition-clinical",
        "AllergyIntolerance" => "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
        _ => return Read::Absent,
    };
    let is_condition = resource_type == "Condition";
    concept_code(resource, "clinicalStatus", system, |code| match code {
        // The guide's narrative has it, the value set of R4 has not (S3.5).
        "unknown" if is_condition => Some(ClinicalStatus::Active),
        "recurrence" | "relapse" | "remission" if !is_condition => None,
        _ => ClinicalStatus::from_code(code),
    })
}

/// The meaning of a `CodeableConcept` whose code decides how the resource is shown: at least
/// one coding of the system, and all of them with one meaning.
fn concept_code<'d, T: Copy + PartialEq>(
    resource: Value<'d>,
    element: &str,
    system: &str,
    meaning: impl Fn(&str) -> Option<T>,
) -> Read<'d, T> {
    let Some(concept) = resource.get(element) else { return Read::Absent };
    let mut codings = concept
        .list("coding")
        .filter(|coding| coding.get("system").is_some_and(|own| own.is(system)))
        .map(|coding| coding.text_of("code").and_then(|code| meaning(&code)));
    match codings.next() {
        Some(Some(first)) if codings.all(|other| other == Some(first)) => Read::Good(first),
        _ => Read::Bad(concept),
    }
}

fn flags(resource: Value<'_>) -> Flags {
    let mut flags = Flags::default();
    for tag in tags(resource) {
        if !tag.get("system").is_some_and(|system| system.is(Flags::SYSTEM)) {
            continue;
        }
        match tag.text_of("code").as_deref() {
            Some("LTS") => flags.long_term = true,
            Some("UNINFORMED") => flags.uninformed = true,
            Some("UNDELIVERED") => flags.undelivered = true,
            _ => {}
        }
    }
    flags
}
