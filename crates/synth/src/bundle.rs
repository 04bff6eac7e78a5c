//! Bundle — what every one has: its head, the Patient and entries with full URLs.
//!
//! Source: S1.1 to S1.3, S2.1 (`JP_Bundle_CLINS`), S2.8 (`JP_Patient_eCS`), S2.20.

use kyoyu_domain::identifiers::{BundleIdentifier, PersonIdentifierSystem};
use serde_json::Value;

use crate::{
    institution::Institution,
    json::{Writer, document},
    parts,
    person::Person,
    seed::{Dice, Purpose},
    sending::{Sending, instant},
};

/// 合成Bundle — one Bundle as an institution sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SynthBundle {
    /// Its identifier.
    pub identifier: BundleIdentifier,
    /// Compact JSON.
    pub json: String,
    /// How many resources it carries besides the Patient.
    pub resources: usize,
}

impl SynthBundle {
    /// The Bundle with something changed, for tests of what must be refused.
    ///
    /// The text is read and written anew: keys are sorted and 4.10 becomes 4.1.
    ///
    /// # Panics
    /// Never: what the makers write is JSON.
    pub fn edited(&self, edit: impl FnOnce(&mut Value)) -> String {
        let mut value = serde_json::from_str(&self.json).expect("what was written is JSON");
        edit(&mut value);
        value.to_string()
    }
}

/// What a Bundle carries: resources of one type, or a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carried {
    Observation,
    Condition,
    AllergyIntolerance,
    /// 診療情報提供書
    Referral,
    /// 退院時サマリー
    DischargeSummary,
    /// 患者サマリー
    PatientSummary,
    /// 健康診断結果報告書
    Checkup,
}

impl Carried {
    /// The type of resources that the tag of a collection names; documents have no tag.
    fn tagged_type(self) -> Option<&'static str> {
        match self {
            Self::Observation => Some("Observation"),
            Self::Condition => Some("Condition"),
            Self::AllergyIntolerance => Some("AllergyIntolerance"),
            Self::Referral | Self::DischargeSummary | Self::PatientSummary | Self::Checkup => None,
        }
    }

    /// Leads the Bundle identifier's last part.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Observation => "LAB",
            Self::Condition => "DIS",
            Self::AllergyIntolerance => "ALG",
            Self::Referral => "REF",
            Self::DischargeSummary => "SUM",
            Self::PatientSummary => "PCS",
            Self::Checkup => "CHK",
        }
    }

    /// The last part of the profile's canonical.
    fn profile(self) -> &'static str {
        match self {
            Self::Observation | Self::Condition | Self::AllergyIntolerance => "JP_Bundle_CLINS",
            Self::Referral => "JP_Bundle_eReferral",
            Self::DischargeSummary => "JP_Bundle_eDischargeSummary",
            Self::PatientSummary => "JP_Bundle_ePCS",
            Self::Checkup => "JP_Bundle_eCheckupGeneral",
        }
    }

    /// The version of the guide that the profiles are of.
    pub(crate) fn guide_version(self) -> &'static str {
        if self == Self::Checkup { "1.5.0" } else { "1.10.0" }
    }
}

/// Who sends what about whom, with the texts that every resource repeats.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) institution: &'a Institution,
    pub(crate) person: &'a Person,
    pub(crate) sending: Sending,
    pub(crate) carried: Carried,
    /// The person's number at the institution.
    pub(crate) local_id: String,
    /// `sent_at` as the institution writes it.
    pub(crate) sent_at: String,
    /// The full URL of the Patient.
    pub(crate) patient_url: String,
    urls: Dice,
}

impl<'a> Case<'a> {
    pub(crate) fn new(
        institution: &'a Institution,
        person: &'a Person,
        sending: Sending,
        carried: Carried,
    ) -> Self {
        let mut urls = institution.seed.dice(
            Purpose::FullUrl,
            &[
                institution.index,
                person.index,
                sending.serial,
                carried as u64,
                sending.sent_at.timestamp_millis() as u64,
            ],
        );
        Self {
            institution,
            person,
            sending,
            carried,
            local_id: person.local_id_at(institution),
            sent_at: instant(institution, sending.sent_at),
            patient_url: full_url(&mut urls),
            urls,
        }
    }

    /// The same case with another report's serial: what it writes is a copy of what was
    /// sent directly under that serial.
    pub(crate) fn of_report(&self, sending: Sending) -> Case<'a> {
        Case {
            sending: Sending { sent_at: self.sending.sent_at, ..sending },
            local_id: self.local_id.clone(),
            sent_at: self.sent_at.clone(),
            patient_url: self.patient_url.clone(),
            urls: self.urls.clone(),
            ..*self
        }
    }

    /// The Bundle with the Patient and one entry for each of `resources`.
    pub(crate) fn bundle<R>(
        mut self,
        resources: &[R],
        bytes_each: usize,
        mut write: impl FnMut(&mut Writer, &Self, &R),
    ) -> SynthBundle {
        let identifier = self.identifier();
        let json = document(2_400 + bytes_each * resources.len(), |w| {
            self.head(w, &identifier);
            w.array("entry", |w| {
                let url = self.patient_url.clone();
                entry(w, &url, |w| self.patient(w));
                for resource in resources {
                    let url = self.next_url();
                    entry(w, &url, |w| write(w, &self, resource));
                }
            });
        });
        SynthBundle { identifier, json, resources: resources.len() }
    }

    /// The Bundle's identifier.
    pub(crate) fn identifier(&self) -> BundleIdentifier {
        self.sending.identifier(self.institution, self.carried.prefix())
    }

    /// The full URL of one more entry.
    pub(crate) fn next_url(&mut self) -> String {
        full_url(&mut self.urls)
    }

    /// Everything before the entries.
    pub(crate) fn head(&self, w: &mut Writer, identifier: &BundleIdentifier) {
        let tagged_type = self.carried.tagged_type();
        w.text("resourceType", "Bundle");
        w.object("meta", |w| {
            w.text("lastUpdated", &self.sent_at);
            let canonicals = "http://jpfhir.jp/fhir/clins/StructureDefinition";
            parts::profile(w, self, &format!("{canonicals}/{}", self.carried.profile()));
            if let Some(tagged_type) = tagged_type {
                w.array("tag", |w| tag(w, tagged_type));
            }
        });
        parts::language(w, self);
        w.object("identifier", |w| {
            w.text("system", BundleIdentifier::SYSTEM);
            w.text("value", identifier.value());
        });
        w.text("type", if tagged_type.is_some() { "collection" } else { "document" });
        w.text("timestamp", &self.sent_at);
    }

    /// The Patient.
    pub(crate) fn patient(&self, w: &mut Writer) {
        let Self { institution, person, carried, .. } = self;
        w.text("resourceType", "Patient");
        w.text("id", &self.local_id);
        w.object("meta", |w| {
            w.text("lastUpdated", &self.sent_at);
            let profile = match carried {
                Carried::Checkup => "clins/StructureDefinition/JP_Patient_eCheckupGeneral",
                _ => "eCS/StructureDefinition/JP_Patient_eCS",
            };
            parts::profile(w, self, &format!("http://jpfhir.jp/fhir/{profile}"));
        });
        parts::language(w, self);
        parts::narrative(w, self, &person.kanji_name());
        w.array("identifier", |w| {
            let system = format!("urn:oid:1.2.392.100495.20.3.51.1{}", institution.number);
            parts::identifier(w, &system, &self.local_id);
            let insured = PersonIdentifierSystem::Insured.uri();
            parts::identifier(w, insured, person.identifier.value().expose());
        });
        parts::person_names(w, person);
        w.array("telecom", |w| {
            w.item(|w| {
                w.text("system", "phone");
                w.text("value", &person.phone);
            });
        });
        w.text("gender", person.sex.code());
        w.text("birthDate", &person.birth_on.to_string());
        w.array("address", |w| {
            w.item(|w| {
                w.text("text", &person.address.text());
                w.text("city", person.address.city);
                w.text("state", person.address.state);
                w.text("postalCode", &person.address.postal_code);
            });
        });
    }
}

fn full_url(urls: &mut Dice) -> String {
    format!("urn:uuid:{}", urls.uuid())
}

fn tag(w: &mut Writer, tagged_type: &str) {
    w.item(|w| {
        w.text("system", "http://jpfhir.jp/fhir/clins/CodeSystem/BundleResourceType_CS");
        w.text("code", tagged_type);
    });
}

/// An item of `entry`.
pub(crate) fn entry(w: &mut Writer, full_url: &str, fill: impl FnOnce(&mut Writer)) {
    w.item(|w| {
        w.text("fullUrl", full_url);
        w.object("resource", fill);
    });
}
