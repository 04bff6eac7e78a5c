//! 提供機能 — the `CapabilityStatement`: what this server offers, and nothing more.
//!
//! The version is 4.0.1, the one that the published guides demand.

use fhir_sdk::{
    Date, DateTime,
    r4b::{
        codes::{
            CapabilityStatementKind, FHIRVersion, PublicationStatus, ResourceType,
            RestfulCapabilityMode, SearchParamType,
        },
        resources::{
            CapabilityStatement, CapabilityStatementImplementation, CapabilityStatementRest,
            CapabilityStatementRestResource, CapabilityStatementRestResourceInteraction,
            CapabilityStatementRestResourceOperation, CapabilityStatementRestResourceSearchParam,
            CapabilityStatementRestSecurity, CapabilityStatementSoftware,
        },
    },
};
use kyoyu_domain::catalogue;

use crate::{parts, splice};

/// The statement of the service at `base_url`.
pub fn capability(base_url: &str) -> Vec<u8> {
    splice::bytes(&build(base_url))
}

fn build(base_url: &str) -> CapabilityStatement {
    let implementation = CapabilityStatementImplementation::builder()
        .description("電子カルテ情報共有サービス".to_owned())
        .url(base_url.to_owned())
        .build()
        .expect(COMPLETE);
    let software = CapabilityStatementSoftware::builder()
        .name("Kyoyu".to_owned())
        .version(env!("CARGO_PKG_VERSION").to_owned())
        .build()
        .expect(COMPLETE);
    CapabilityStatement::builder()
        .status(PublicationStatus::Active)
        .date(DateTime::Date(Date::Year(2026)))
        .kind(CapabilityStatementKind::Instance)
        .software(software)
        .implementation(implementation)
        .fhir_version(FHIRVersion::N401)
        .format(vec![Some("application/fhir+json".to_owned())])
        .rest(vec![Some(rest())])
        .build()
        .expect(COMPLETE)
}

const COMPLETE: &str = "every mandatory element is set";
const SECURITY_SERVICE: &str = "http://terminology.hl7.org/CodeSystem/restful-security-service";
const SECURITY: &str = "TLS 1.3 with a client certificate of a registered participant. Reads need \
    a JWT (ES256 or EdDSA, at most five minutes) in Authorization: Bearer that is bound to the \
    certificate by cnf.x5t#S256. A participant that acts for several institutions names one in \
    the header Kyoyu-Institution.";

fn rest() -> CapabilityStatementRest {
    let security = CapabilityStatementRestSecurity::builder()
        .cors(false)
        .service(vec![Some(parts::concept(parts::coding(SECURITY_SERVICE, "Certificates")))])
        .description(SECURITY.to_owned())
        .build()
        .expect(COMPLETE);
    // Whole documents are told of with what is sent: both are Bundles.
    let types = catalogue::resource_types().into_iter().filter(|one| *one != "Bundle");
    let clinical = types.map(clinical);
    let own = [
        bundle(),
        document_reference(),
        binary(),
        organization(),
        patient(),
        consent(),
        audit_event(),
    ];
    CapabilityStatementRest::builder()
        .mode(RestfulCapabilityMode::Server)
        .security(security)
        .resource(own.into_iter().chain(clinical).map(Some).collect::<Vec<_>>())
        .operation(operations(&[("import", IMPORT)]))
        .build()
        .expect(COMPLETE)
}

fn bundle() -> CapabilityStatementRestResource {
    let mut bundle = resource("Bundle", &["create", "update", "read", "search-type"]);
    bundle.conditional_update = Some(true);
    bundle.documentation = Some(format!(
        "登録 POST /Bundle; 変更 PUT /Bundle?identifier=system|value; the unit of registration, \
         change and cancellation. An insured number never stands in a URL. A letter is read by \
         its addressee after $receive; other documents are searched: {}",
        kinds("Bundle")
    ));
    bundle.supported_profile = profiles("Bundle");
    bundle.search_param = search_parameters(&[
        ("identifier", SearchParamType::Token, "of a change: the Bundle identifier, system|value"),
        (
            "consent",
            SearchParamType::Token,
            "of a registration: how consent to a letter is obtained: oral, portal, card-reader; \
             held where it is not said",
        ),
    ]);
    bundle.search_param.extend(search_parameters(&CLINICAL[..2]));
    bundle.search_param.extend(search_parameters(PAGING));
    bundle.operation = operations(&[
        ("validate", "検査: findings as OperationOutcome; nothing is stored"),
        ("preview", PREVIEW),
        ("cancel", "取消: Parameters with identifier and the insured person"),
        ("undo-cancel", "取消UNDO: Parameters with identifier and the insured person"),
        ("receive", "取得: POST /Bundle/<id>/$receive by the addressee; irreversible"),
        ("answer", "同意・不同意: POST /Bundle/<id>/$answer with decision permit or deny"),
        (
            "assemble",
            "患者サマリー (GET): /Bundle/<id>/$assemble, with what belongs to it; prescriptions are \
             asked from the e-prescription service, an outcome says where they could not be",
        ),
        ("submissions", "照会 (GET): receipt, identifier or since; the caller's own only"),
    ]);
    bundle
}

fn document_reference() -> CapabilityStatementRestResource {
    let mut letters = resource("DocumentReference", &["search-type"]);
    letters.documentation = Some(
        "文書一覧: an institution's inbox, newest first; the patient's letters that wait, from \
         the portal; by POST _search with patient:identifier and addressee those that a card \
         reader asks consent for, from the eligibility network"
            .to_owned(),
    );
    letters.search_param = search_parameters(&[
        ("patient", SearchParamType::Reference, "about one patient: Patient/<key>"),
        ("since", SearchParamType::Date, "only what became readable later (an instant)"),
        ("wait", SearchParamType::Number, "with since: seconds to wait for something, up to 30"),
        ("addressee", SearchParamType::Token, "of the card reader: the institution number"),
    ]);
    letters.search_param.extend(search_parameters(PAGING));
    letters
}

fn binary() -> CapabilityStatementRestResource {
    let mut binary = resource("Binary", &["read"]);
    binary.documentation = Some(
        "添付: GET /Binary/<receipt>-<number>, the nth attachment of a document that the caller \
         may read, as its own media type; Range: bytes=first-last, \
         first- or -count"
            .to_owned(),
    );
    binary
}

fn organization() -> CapabilityStatementRestResource {
    let mut organization = resource("Organization", &["search-type"]);
    organization.documentation = Some("利用状況確認: whether an institution takes part".to_owned());
    organization.search_param = search_parameters(&[(
        "identifier",
        SearchParamType::Token,
        "exactly one: system|ten digits, or the ten digits",
    )]);
    organization
}

fn patient() -> CapabilityStatementRestResource {
    let mut patient = resource("Patient", &["read", "search-type"]);
    patient.documentation = Some("a person is searched for by POST _search only".to_owned());
    patient.search_param = search_parameters(&[(
        "identifier",
        SearchParamType::Token,
        "POST _search only: an identifier of the person, system|value",
    )]);
    patient.operation = operations(&[(
        "announce",
        "from the eligibility network: a Patient with dated identifiers, birthDate and gender",
    )]);
    patient
}

fn consent() -> CapabilityStatementRestResource {
    let mut consent = resource("Consent", &["create", "update"]);
    consent.conditional_update = Some(true);
    consent.documentation = Some(
        "from the eligibility network: patient, organization, provision.code (categories), \
         provision.period, status active or inactive; what is not understood is refused"
            .to_owned(),
    );
    consent.search_param = search_parameters(&[(
        "identifier",
        SearchParamType::Token,
        "of an update: the identifier of the consent, system|value",
    )]);
    consent
}

fn audit_event() -> CapabilityStatementRestResource {
    let mut audit_event = resource("AuditEvent", &["search-type"]);
    audit_event.documentation = Some("the patient's own access log, from the portal".to_owned());
    audit_event.search_param = search_parameters(PAGING);
    audit_event
}

fn clinical(resource_type: &'static str) -> CapabilityStatementRestResource {
    let mut clinical = resource(resource_type, &["read", "search-type"]);
    clinical.supported_profile = profiles(resource_type);
    clinical.documentation = Some(kinds(resource_type));
    if resource_type == "MedicationRequest" {
        clinical.documentation = Some(format!("{}; {PRESCRIPTIONS}", kinds(resource_type)));
    }
    clinical.search_param = search_parameters(CLINICAL);
    if resource_type == "Observation" {
        clinical.operation = operations(&[("lastn", LAST_N)]);
    } else {
        clinical.search_param.extend(search_parameters(CLINICAL_STATUS));
    }
    clinical.search_param.extend(search_parameters(PAGING));
    clinical
}

fn profiles(resource_type: &str) -> Vec<Option<String>> {
    let mut profiles: Vec<_> =
        catalogue::of_type(resource_type).map(|kind| Some(kind.profile.to_owned())).collect();
    profiles.dedup();
    profiles
}

/// The codes that the parameter `kind` takes for a type.
fn kinds(resource_type: &str) -> String {
    let kinds: Vec<String> = catalogue::of_type(resource_type)
        .filter(|kind| !kind.readers.is_empty() && !kind.is_letter())
        .map(|kind| format!("{} ({})", kind.code, kind.japanese))
        .collect();
    format!("always for one patient; kind: {}", kinds.join(", "))
}

type Parameter = (&'static str, SearchParamType, &'static str);

const CLINICAL: &[Parameter] = &[
    (
        "patient",
        SearchParamType::Reference,
        "exactly one: Patient/<key>; by POST _search also patient:identifier=system|value, where \
         following pages are got by sending the same body to the next link",
    ),
    ("kind", SearchParamType::Token, "codes of the catalogue"),
    ("code", SearchParamType::Token, "the code of the resource, system|code"),
    ("date", SearchParamType::Date, "when it happened"),
];

const CLINICAL_STATUS: &[Parameter] =
    &[("clinical-status", SearchParamType::Token, "unknown counts as active")];

const LAST_N: &str = "the newest max (1 unless told, at most 10) results of each item; GET, or \
    POST as a form when patient:identifier is given";

const PRESCRIPTIONS: &str = "the first page also holds what the e-prescription service answers for \
    the dates (100 days unless told); each entry names its source in the extension prescription; \
    outcomes say what the list does not hold, and whether documents' lists are incomplete";

const PREVIEW: &str = "試読 (POST of a Bundle, as=patient, institution or insurer): a searchset of \
    what that reader would be shown of it with full consent, and an outcome that says why of \
    what is withheld; nothing is stored. Ids (version part) and the patient's key are zeros";

const IMPORT: &str = "一括登録: POST /$import with Prefer: respond-async and application/fhir+ndjson, \
    a Bundle on each line (gzip allowed), each registered as by POST /Bundle. Answers 202 when \
    every line is durable; Content-Location tells how far it is: GET (202 with X-Progress, 200 at \
    the end), DELETE cancels what was not worked on, GET <it>/outcomes (after, status, _count) \
    lists number, status, receipt and findings of each line as NDJSON. A body with complete=false \
    is not the last; job=<id>&from=<next line> goes on, also after a cut: GET /$import lists the \
    caller's imports with their next line";

const PAGING: &[Parameter] = &[
    ("_count", SearchParamType::Number, "entries of a page: 50 unless told, at most 500"),
    ("cursor", SearchParamType::Special, "the position that the next link names"),
];

fn resource(resource_type: &str, interactions: &[&str]) -> CapabilityStatementRestResource {
    let interactions = interactions.iter().map(|code| {
        let built =
            CapabilityStatementRestResourceInteraction::builder().code((*code).to_owned()).build();
        Some(built.expect(COMPLETE))
    });
    CapabilityStatementRestResource::builder()
        .r#type(resource_type.parse::<ResourceType>().expect("the catalogue names FHIR types"))
        .interaction(interactions.collect::<Vec<_>>())
        .build()
        .expect(COMPLETE)
}

fn search_parameters(
    parameters: &[Parameter],
) -> Vec<Option<CapabilityStatementRestResourceSearchParam>> {
    let build = |(name, r#type, documentation): &Parameter| {
        let built = CapabilityStatementRestResourceSearchParam::builder()
            .name((*name).to_owned())
            .r#type(*r#type)
            .documentation((*documentation).to_owned())
            .build();
        Some(built.expect(COMPLETE))
    };
    parameters.iter().map(build).collect()
}

fn operations(
    operations: &[(&str, &str)],
) -> Vec<Option<CapabilityStatementRestResourceOperation>> {
    let build = |(name, documentation): &(&str, &str)| {
        let built = CapabilityStatementRestResourceOperation::builder()
            .name((*name).to_owned())
            .definition(definition(name))
            .documentation((*documentation).to_owned())
            .build();
        Some(built.expect(COMPLETE))
    };
    operations.iter().map(build).collect()
}

fn definition(operation: &str) -> String {
    match operation {
        "validate" => "http://hl7.org/fhir/OperationDefinition/Resource-validate".to_owned(),
        "lastn" => "http://hl7.org/fhir/OperationDefinition/Observation-lastn".to_owned(),
        own => format!("https://kyoyu.invalid/fhir/OperationDefinition/{own}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn statement() -> Value {
        serde_json::from_slice(&capability("https://kyoyu.example/fhir")).expect("JSON")
    }

    #[test]
    fn the_version_is_that_of_the_guides() {
        assert_eq!(statement()["fhirVersion"], "4.0.1");
    }

    #[test]
    fn every_type_of_the_catalogue_is_listed_once_with_its_profile() {
        let statement = statement();
        let resources = statement["rest"][0]["resource"].as_array().expect("resources");
        for resource_type in catalogue::resource_types() {
            let found: Vec<&Value> =
                resources.iter().filter(|resource| resource["type"] == resource_type).collect();
            let [resource] = found.as_slice() else { panic!("{resource_type} once") };
            let listed = resource["supportedProfile"].as_array().map(Vec::len);
            assert_eq!(listed, Some(profiles(resource_type).len()));
        }
    }

    #[test]
    fn kinds_that_nobody_reads_are_not_offered() {
        assert!(!kinds("Observation").contains("lab-unlisted"));
    }
}
