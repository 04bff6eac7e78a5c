//! 本文 — the JSON of what a life sends: Bundles, the Parameters of a cancellation, the
//! announcement of the person, a consent to everything.
//!
//! Each is valid and as small as the rules allow, so that thousands can be sent.

use std::fmt::Write;

use super::{
    BundleName, Dated, INSTITUTIONS, Resource, Said, Sort, Type,
    calendar::{Millis, in_japan},
};

const CLINS: &str = "http://jpfhir.jp/fhir/clins";
const ECS: &str = "http://jpfhir.jp/fhir/eCS";
const CORE: &str = "http://jpfhir.jp/fhir/core";
const HL7: &str = "http://terminology.hl7.org/CodeSystem";

/// The system of insured-person identifiers.
pub const INSURED: &str = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID";
/// The system of Bundle identifiers.
pub const BUNDLE_IDENTIFIER: &str = "http://jpfhir.jp/fhir/clins/bundle-identifier";

/// The birth date of every invented person.
pub const BORN_ON: &str = "1958-02-28";

/// 仮の人 — an invented person by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Invented(pub u32);

impl Invented {
    /// The insured-person identifier.
    pub fn insured(self) -> String {
        format!("06130012:{}:{}:01", self.0 / 1_000, self.0)
    }

    /// The body of `POST /fhir/Patient/$announce`.
    pub fn announcement(self) -> String {
        Self::announced_as_one(&[self])
    }

    /// The announcement that several are one person.
    pub fn announced_as_one(several: &[Self]) -> String {
        let identifier =
            |one: &Self| format!(r#"{{"system":"{INSURED}","value":"{}"}}"#, one.insured());
        let identifiers: Vec<String> = several.iter().map(identifier).collect();
        format!(
            r#"{{"resourceType":"Patient","identifier":[{}],"gender":"female","birthDate":"{BORN_ON}"}}"#,
            identifiers.join(",")
        )
    }

    /// The identifier of one of the person's Bundles.
    pub fn bundle_identifier(self, name: BundleName) -> String {
        let institution = INSTITUTIONS[usize::from(name.institution)];
        format!("{institution}^2026^P{}-{}", self.0, name.number)
    }

    /// The body of `$cancel` and `$undo-cancel`.
    pub fn parameters(self, name: BundleName) -> String {
        format!(
            r#"{{"resourceType":"Parameters","parameter":[{{"name":"identifier","valueIdentifier":{{"system":"{BUNDLE_IDENTIFIER}","value":"{}"}}}},{{"name":"patient","valueIdentifier":{{"system":"{INSURED}","value":"{}"}}}}]}}"#,
            self.bundle_identifier(name),
            self.insured()
        )
    }

    /// A consent that lets an institution read everything until 2099.
    pub fn consent(self, institution: &str, from: Millis) -> String {
        let category = |code| {
            format!(
                r#"{{"coding":[{{"system":"https://kyoyu.invalid/fhir/CodeSystem/consent-category","code":"{code}"}}]}}"#
            )
        };
        let categories = ["conditions", "infections", "record", "checkup"].map(category).join(",");
        format!(
            r#"{{"resourceType":"Consent","identifier":[{{"system":"urn:test:consent","value":"{}-{institution}"}}],"status":"active","patient":{{"identifier":{{"system":"{INSURED}","value":"{}"}}}},"provision":{{"type":"permit","period":{{"start":"{}","end":"2099-12-31"}},"actor":[{{"role":{{"coding":[{{"system":"{HL7}/v3-ParticipationType","code":"PRCP"}}]}},"reference":{{"identifier":{{"system":"{CORE}/IdSystem/insurance-medical-institution-no","value":"{institution}"}}}}}}],"code":[{categories}]}}}}"#,
            self.0,
            self.insured(),
            in_japan(from)
        )
    }

    /// A collection Bundle that is sent at an instant.
    pub fn bundle(self, name: BundleName, resources: &[Resource], sent_at: Millis) -> String {
        let texts: Vec<String> =
            resources.iter().map(|one| self.resource(name, one, sent_at)).collect();
        let of_type = resources.first().map_or(Type::Observation, |one| one.sort.of_type());
        self.bundle_of(name, of_type, &texts, sent_at)
    }

    /// A collection Bundle of resources that are written already; `Patient` is their
    /// subject ([`Invented::patient_url`]).
    pub fn bundle_of(
        self,
        name: BundleName,
        of_type: Type,
        resources: &[String],
        sent_at: Millis,
    ) -> String {
        let (institution, at) = (INSTITUTIONS[usize::from(name.institution)], in_japan(sent_at));
        let mut body = format!(
            r#"{{"resourceType":"Bundle","meta":{{"lastUpdated":"{at}","profile":["{CLINS}/StructureDefinition/JP_Bundle_CLINS|1.10.0"],"tag":[{{"system":"{CLINS}/CodeSystem/BundleResourceType_CS","code":"{}"}}]}},"identifier":{{"system":"{BUNDLE_IDENTIFIER}","value":"{}"}},"type":"collection","timestamp":"{at}","entry":[{{"fullUrl":"{}","resource":{{"resourceType":"Patient","id":"p1","meta":{{"lastUpdated":"{at}","profile":["{ECS}/StructureDefinition/JP_Patient_eCS|1.10.0"]}},"identifier":[{{"system":"urn:oid:1.2.392.100495.20.3.51.1{institution}","value":"{:07}"}},{{"system":"{INSURED}","value":"{}"}}],"name":[{{"text":"共有 花子","family":"共有","given":["花子"]}}],"gender":"female","birthDate":"{BORN_ON}","address":[{{"text":"東京都架空市見本町1-2-3"}}]}}}}"#,
            of_type.name(),
            self.bundle_identifier(name),
            self.patient_url(),
            self.0,
            self.insured(),
        );
        for (nth, resource) in resources.iter().enumerate() {
            let url = format!("urn:uuid:00000000-0000-4000-9000-{:012}", nth + 1);
            write!(body, r#",{{"fullUrl":"{url}","resource":{resource}}}"#)
                .expect("a String takes everything");
        }
        body.push_str("]}");
        body
    }

    /// The full URL of the person's Patient in every Bundle.
    pub fn patient_url(self) -> String {
        format!("urn:uuid:00000000-0000-4000-8000-{:012}", self.0)
    }

    /// One resource.
    pub fn resource(self, name: BundleName, resource: &Resource, sent_at: Millis) -> String {
        let institution = INSTITUTIONS[usize::from(name.institution)];
        let (of_type, url) = (resource.sort.of_type(), self.patient_url());
        let profile = match of_type {
            Type::Observation => "JP_Observation_LabResult_eCS",
            Type::Condition => "JP_Condition_eCS",
            Type::AllergyIntolerance => "JP_AllergyIntolerance_eCS",
        };
        let head = format!(
            r#"{{"resourceType":"{}","meta":{{"lastUpdated":"{}","profile":["{ECS}/StructureDefinition/{profile}|1.10.0"]{}}},"extension":[{{"url":"{CLINS}/Extension/StructureDefinition/JP_eCS_InstitutionNumber","valueIdentifier":{{"system":"{CORE}/IdSystem/insurance-medical-institution-no","value":"{institution}"}}}}{}],"identifier":[{{"system":"{CORE}/IdSystem/resourceInstance-identifier","value":"R-{}"}}]"#,
            of_type.name(),
            in_japan(sent_at),
            tags(resource),
            department(resource),
            resource.identifier,
        );
        let rest = match of_type {
            Type::Observation => observation(resource, &url),
            Type::Condition => condition(resource, &url),
            Type::AllergyIntolerance => allergy(resource, &url),
        };
        format!("{head},{rest}}}")
    }
}

fn department(resource: &Resource) -> String {
    let Some(department) = resource.department else { return String::new() };
    let name = ["内科", "外科", "眼科"][usize::from(department) % 3];
    format!(
        r#",{{"url":"{ECS}/Extension/StructureDefinition/JP_eCS_Department","valueCodeableConcept":{{"text":"{name}"}}}}"#
    )
}

fn tags(resource: &Resource) -> String {
    let flags = [
        (resource.long_term, "LTS"),
        (resource.uninformed, "UNINFORMED"),
        (resource.undelivered, "UNDELIVERED"),
    ];
    let tags: Vec<String> = flags
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, code)| {
            format!(r#"{{"system":"{CLINS}/CodeSystem/JP_ehrshrs_indication","code":"{code}"}}"#)
        })
        .collect();
    if tags.is_empty() { String::new() } else { format!(r#","tag":[{}]"#, tags.join(",")) }
}

fn observation(resource: &Resource, patient_url: &str) -> String {
    let status = match resource.said {
        Said::Awaited => "registered",
        Said::NotDone => "cancelled",
        Said::EnteredInError => "entered-in-error",
        Said::Standing | Said::Refuted => "final",
    };
    let (table, code, display) = match (resource.sort, resource.item) {
        (Sort::Infection, _) => {
            ("JLAC10/JP_CLINS_ObsLabResult_InfectionLabo_CS", "5F016141002306311", "HBs抗原(定性)")
        }
        (Sort::Lab, 21) => ("JLAC10/JP_CLINS_ObsLabResult_CoreLabo_CS", "3A015000002329101", "ALB"),
        (Sort::Lab, _) => ("JLAC10/JP_CLINS_ObsLabResult_CoreLabo_CS", "3H015000002326101", "K"),
        _ => ("JP_CLINS_ObsLabResult_Uncoded_CS", "99999999999999999", "未標準化コード項目(JLAC)"),
    };
    let local =
        coding(&format!("{CLINS}/CodeSystem/JP_CLINS_ObsLabResult_LocalCode_CS"), "L1", "検査");
    let shared = coding(&format!("{CLINS}/CodeSystem/{table}"), code, display);
    let value = match resource.said {
        Said::Awaited => r#","dataAbsentReason":{"text":"結果待ち"}"#,
        Said::NotDone => r#","dataAbsentReason":{"text":"検体未提出"}"#,
        _ => r#","valueQuantity":{"value":4.10,"unit":"mmol/L"}"#,
    };
    format!(
        r##""contained":[{},{{"resourceType":"Practitioner","id":"doc","meta":{{"profile":["{CORE}/StructureDefinition/JP_Practitioner"]}},"name":[{{"text":"見本 太郎"}}]}}],"status":"{status}","category":[{{"coding":[{{"system":"{CORE}/CodeSystem/JP_SimpleObservationCategory_CS","code":"laboratory"}}]}}],"code":{{"coding":[{local},{shared}],"text":"検査"}},"subject":{{"reference":"{patient_url}"}},"encounter":{{"reference":"#enc"}}{},"performer":[{{"reference":"#doc"}}]{value},"specimen":{{"type":"Specimen","display":"血清"}}"##,
        encounter(),
        dated("effectiveDateTime", resource)
    )
}

fn condition(resource: &Resource, patient_url: &str) -> String {
    format!(
        r##""contained":[{}],{},"category":[{{"coding":[{}]}}],"code":{{"coding":[{}],"text":"高血圧症"}},"subject":{{"reference":"{patient_url}"}},"encounter":{{"reference":"#enc"}}{}"##,
        encounter(),
        statuses(resource, "condition-clinical", "condition-ver-status"),
        coding(&format!("{HL7}/condition-category"), "encounter-diagnosis", "Encounter Diagnosis"),
        coding("http://medis.or.jp/CodeSystem/master-disease-keyNumber", "20061593", "高血圧症"),
        dated("onsetDateTime", resource)
    )
}

fn allergy(resource: &Resource, patient_url: &str) -> String {
    let (category, table, code, display) = match resource.sort {
        Sort::DrugAllergy => (
            "medication",
            "GCM/JP_JfagyMedicationAllergen_CS",
            "GCM1149001D1ZZZ",
            "【成分名】イブプロフェン",
        ),
        _ => ("food", "JP_JfagyFoodAllergen_CS", "J9FA19140000", "そば"),
    };
    format!(
        r#"{},"category":["{category}"],"code":{{"coding":[{}],"text":"アレルギー"}},"patient":{{"reference":"{patient_url}"}}{}"#,
        statuses(resource, "allergyintolerance-clinical", "allergyintolerance-verification"),
        coding(&format!("{CORE}/CodeSystem/{table}"), code, display),
        dated("onsetDateTime", resource)
    )
}

/// The contained Encounter.
fn encounter() -> String {
    let class = coding(&format!("{HL7}/v3-ActCode"), "AMB", "ambulatory");
    format!(
        r#"{{"resourceType":"Encounter","id":"enc","meta":{{"profile":["{CORE}/StructureDefinition/JP_Encounter"]}},"status":"finished","class":{class}}}"#
    )
}

/// What was entered in error has no clinical status (con-5, ait-2).
fn statuses(resource: &Resource, clinical: &str, verification: &str) -> String {
    let (code, display) = match resource.said {
        Said::Refuted => ("refuted", "Refuted"),
        Said::EnteredInError => ("entered-in-error", "Entered in Error"),
        _ => ("confirmed", "Confirmed"),
    };
    let verified = coding(&format!("{HL7}/{verification}"), code, display);
    let verified = format!(r#""verificationStatus":{{"coding":[{verified}]}}"#);
    if resource.said == Said::EnteredInError {
        return verified;
    }
    let active = coding(&format!("{HL7}/{clinical}"), "active", "Active");
    format!(r#""clinicalStatus":{{"coding":[{active}]}},{verified}"#)
}

fn coding(system: &str, code: &str, display: &str) -> String {
    format!(r#"{{"system":"{system}","code":"{code}","display":"{display}"}}"#)
}

fn dated(element: &str, resource: &Resource) -> String {
    match resource.dated {
        None => String::new(),
        Some(Dated::At(at)) => format!(r#","{element}":"{}""#, in_japan(at)),
        Some(Dated::On(day)) => format!(r#","{element}":"{day}""#),
    }
}
