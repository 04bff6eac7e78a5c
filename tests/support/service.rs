//! 使用例 — the service on a test database, and who calls it.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use chrono::DateTime;
use kyoyu_domain::{
    catalogue,
    identifiers::{InstitutionNumber, PersonIdentifier, PersonIdentifierSystem},
    letter::ConsentPattern,
    participant::{Participant, Role},
    policy::Purpose,
    retention::RetentionPolicy,
};
use kyoyu_profile::{Generation, Limits, validator::Validator};
use kyoyu_service::{
    Caller, CertificateKey, DocumentOptions, ImportOptions, Options, Peers, PurgeOptions, Service,
    SharedTrust, Token,
};
use kyoyu_store::Store;

use crate::lifecycle::{INSTITUTIONS, body::Invented};

/// The institution that reads, and sends nothing.
pub const READER: &str = "4710000009";

/// The secret key of certificates of deletion.
pub const CERTIFICATE_KEY: [u8; 32] = [42; 32];

/// The service with the default policy and a purge that never waits.
///
/// # Panics
/// When the database does not answer.
pub async fn service(store: Store) -> Service {
    service_with(store, |_| {}).await
}

/// The service with other options.
///
/// # Panics
/// When the database does not answer.
pub async fn service_with(store: Store, choose: impl FnOnce(&mut Options)) -> Service {
    service_asking(store, Peers::default(), choose).await
}

/// The service with other options and somebody to ask.
///
/// # Panics
/// When the database does not answer.
pub async fn service_asking(
    store: Store,
    peers: Peers,
    choose: impl FnOnce(&mut Options),
) -> Service {
    let mut options = Options {
        limits: Limits::default(),
        validator: validator(),
        retention: RetentionPolicy::default(),
        documents: documents(),
        signatures: SharedTrust::default(),
        last_wins: false,
        cursor_key: [7; 32],
        purge: PurgeOptions {
            certificate_key: CertificateKey::from_bytes(&CERTIFICATE_KEY),
            batch_persons: 200,
            always_allowed: u64::MAX,
            times_usual: 1,
        },
        registry_interval: Duration::from_hours(1),
        imports: imports(),
    };
    choose(&mut options);
    let started = Service::start(store, peers, options).await;
    started.expect("the database answers")
}

/// What the default configuration takes of documents.
pub fn documents() -> DocumentOptions {
    let extracted = ["condition", "infection", "drug-allergy", "other-allergy", "lab"];
    DocumentOptions {
        consent_patterns: vec![ConsentPattern::Portal, ConsentPattern::CardReader],
        later_discharge_summary: true,
        checkup_attachments: false,
        extracted: extracted.into_iter().filter_map(catalogue::find).collect(),
    }
}

/// Bounds that no test reaches unless it sets them, and claims that no test outlasts.
pub fn imports() -> ImportOptions {
    ImportOptions {
        lines: 100_000,
        bytes: 1 << 30,
        open_jobs: 8,
        keep_days: 30,
        claim: Duration::from_hours(1),
        patience: Duration::from_hours(1),
        findings: kyoyu_gateway::operation_outcome,
    }
}

/// The shipped profiles, compiled once for all tests of a process.
pub fn validator() -> Arc<Validator> {
    static VALIDATOR: LazyLock<Arc<Validator>> =
        LazyLock::new(|| Arc::new(Validator::shipped(Limits::default(), Generation::default())));
    Arc::clone(&VALIDATOR)
}

/// The EHR of all institutions of [`INSTITUTIONS`].
pub fn ehr() -> Caller {
    Caller {
        participant: participant(1, Role::Institution, &INSTITUTIONS),
        institution: None,
        token: None,
    }
}

/// A doctor at the institution that reads.
pub fn doctor() -> Caller {
    let token = token("doctor-1", Purpose::Treat, None);
    Caller {
        participant: participant(2, Role::Institution, &[READER]),
        institution: Some(number(READER)),
        token: Some(token),
    }
}

/// The patient portal, on behalf of a person.
pub fn portal(person: Invented) -> Caller {
    let token = token("portal-user", Purpose::PatientRequest, Some(insured(person)));
    Caller {
        participant: participant(3, Role::PatientPortal, &[]),
        institution: None,
        token: Some(token),
    }
}

/// The online-eligibility network.
pub fn network() -> Caller {
    Caller {
        participant: participant(4, Role::EligibilityNetwork, &[]),
        institution: None,
        token: None,
    }
}

/// A person's insured-person identifier.
pub fn insured(person: Invented) -> PersonIdentifier {
    PersonIdentifier::new(PersonIdentifierSystem::Insured, &person.insured())
        .expect("invented numbers are well formed")
}

fn number(text: &str) -> InstitutionNumber {
    text.parse().expect("ten digits")
}

fn token(user: &str, purpose: Purpose, patient: Option<PersonIdentifier>) -> Token {
    let user = user.to_owned();
    Token { user, qualification: None, purpose, patient, proxy: None }
}

fn participant(id: i32, role: Role, institutions: &[&str]) -> Arc<Participant> {
    Arc::new(Participant {
        id,
        name: format!("participant {id}"),
        role,
        starts_at: DateTime::UNIX_EPOCH,
        ends_at: None,
        institutions: institutions.iter().map(|text| number(text)).collect(),
        predecessors: std::collections::BTreeMap::new(),
        insurer: None,
    })
}
