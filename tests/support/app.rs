//! 試験環境 — the running service as participants see it: the real gateway over mutual TLS
//! on a database of the test's own, with a clock that the test sets.
//!
//! Every request that goes through a [`Desk`] is counted; [`TestApp::finish`] holds that
//! each left exactly one audit record.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use hyper::{Method, StatusCode};
use kyoyu_devkit::{
    Claims, Client, ClientOptions, Identity, Pki, Reply, Request, TokenIssuer,
    story::{Cast, Party},
};
use kyoyu_domain::{
    consent::ConsentCategory,
    identifiers::{BundleIdentifier, InstitutionNumber, PersonIdentifier},
    participant::{Issuer, Role},
    policy::Purpose,
};
use kyoyu_gateway::{Gateway, Limits, TlsOptions, TlsReloader};
use kyoyu_service::{NewParticipant, Service};
use kyoyu_synth::{
    AllergyKind, AllergyList, ChosenResult, ConditionList, Institution, LabReport, Person, Results,
    Seed, Sending, SynthBundle, World, WorldSize, allergies, announcement, conditions, labs,
};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{database::TestDatabase, seed::seed, service};

/// What tokens are for.
pub const AUDIENCE: &str = "https://localhost/fhir";

/// What stands before the type in links.
pub const BASE_URL: &str = "https://localhost/fhir";

/// Who registers participants.
const OPERATOR: &str = "test";

const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const CONSENT_SYSTEM: &str = "urn:kyoyu:test:consent";

/// 試験環境 — a running service.
#[derive(Debug)]
pub struct TestApp {
    /// Its database; its clock is that of the service.
    pub database: TestDatabase,
    /// Institutions and persons.
    pub world: World,
    /// Certificates.
    pub pki: Pki,
    /// Who takes part.
    pub cast: Cast,
    /// The use cases behind the gateway.
    pub service: Service,
    /// Where the gateway listens.
    pub address: SocketAddr,
    /// Replaces the gateway's certificates.
    pub tls: TlsReloader,
    /// 病院のシステム — sends.
    pub hospital: Desk,
    /// オンライン資格確認等システム — announces and registers consent.
    pub eligibility: Desk,
    /// 診療所の医師 — reads.
    pub doctor: Desk,
    calls: Arc<Calls>,
    visits: AtomicU32,
    serials: AtomicU32,
    records_before: i64,
    stop: CancellationToken,
    serving: Option<JoinHandle<()>>,
    finished: bool,
}

/// How many records the calls so far must have left.
#[derive(Debug, Default)]
struct Calls(AtomicI64);

impl TestApp {
    /// A service with the default limits.
    ///
    /// # Panics
    /// When anything does not start.
    pub async fn start() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    /// A service with other limits of the gateway.
    ///
    /// # Panics
    /// When anything does not start.
    pub async fn with_limits(choose: impl FnOnce(&mut Limits)) -> Self {
        Self::with(choose, |_| {}).await
    }

    /// A service with other limits and options.
    ///
    /// # Panics
    /// When anything does not start.
    pub async fn with(
        choose_limits: impl FnOnce(&mut Limits),
        choose_options: impl FnOnce(&mut kyoyu_service::Options),
    ) -> Self {
        let database = TestDatabase::new().await;
        let world = World::new(Seed(seed()), WorldSize { institutions: 40, persons: 4_000 });
        let pki = Pki::in_memory().expect("the machine makes keys");
        let cast = Cast::of(&world).expect("the world has a clinic");
        let service = service::service_with(database.store().await, choose_options).await;
        register_cast(&service, &cast, &pki).await;
        let mut limits = Limits::default();
        choose_limits(&mut limits);
        let options = kyoyu_gateway::Options {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            base_url: BASE_URL.to_owned(),
            token_audience: AUDIENCE.to_owned(),
            tls: tls_options(&pki),
            limits,
        };
        let gateway = Gateway::bind(options, service.clone()).await.expect("a free port");
        let (address, tls) = (gateway.local_addr().expect("a port"), gateway.tls_reloader());
        let stop = CancellationToken::new();
        let serving = tokio::spawn(gateway.serve(stop.clone()));
        let calls = Arc::new(Calls::default());
        let desks = Desks { address, pki: &pki, cast: &cast, calls: &calls };
        let (hospital, eligibility) =
            (desks.system(&cast.hospital), desks.system(&cast.eligibility));
        let doctor = desks.user(&cast.clinic, "doctor-1", Some("doctor"));
        let mut app = Self {
            database,
            world,
            service,
            address,
            tls,
            hospital,
            eligibility,
            doctor,
            calls,
            visits: AtomicU32::new(0),
            serials: AtomicU32::new(0),
            records_before: 0,
            stop,
            serving: Some(serving),
            finished: false,
            pki,
            cast,
        };
        app.records_before = app.count("audit_event").await;
        app
    }

    /// Ends the test: every request must have left exactly one audit record.
    ///
    /// # Panics
    /// When one left none, or more.
    pub async fn finish(mut self) {
        let expected = self.calls.0.load(Ordering::SeqCst);
        let records = self.count("audit_event").await - self.records_before;
        assert_eq!(records, expected, "each request leaves exactly one audit record");
        self.stop.cancel();
        if let Some(serving) = self.serving.take() {
            serving.await.expect("the gateway does not panic");
        }
        self.service.close().await;
        self.finished = true;
    }

    /// What left a record without going through a desk: raw requests, operators' commands.
    pub fn expect_records(&self, more: i64) {
        self.calls.0.fetch_add(more, Ordering::SeqCst);
    }

    // Time.

    /// The instant that the service acts on.
    pub fn now(&self) -> DateTime<Utc> {
        self.database.clock().get()
    }

    /// Moves the service's clock; tokens and certificates stay in real time.
    pub fn pass(&self, time: chrono::TimeDelta) {
        self.database.clock().set(self.now() + time);
    }

    /// Sets the service's clock.
    ///
    /// # Panics
    /// When the text is no RFC 3339 instant.
    pub fn set_clock(&self, at: &str) {
        self.database.clock().set(at.parse().expect("an RFC 3339 instant"));
    }

    /// Plans and runs the purge, whose own records are not those of requests.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn purge(&self) {
        let before = self.count("audit_event").await;
        let plan = self.service.purge_plan(OPERATOR).await.expect("a plan");
        self.service.purge_run(OPERATOR, Some(plan.plan)).await.expect("a run");
        self.expect_records(self.count("audit_event").await - before);
    }

    // Desks.

    fn desks(&self) -> Desks<'_> {
        Desks { address: self.address, pki: &self.pki, cast: &self.cast, calls: &self.calls }
    }

    /// A system of a party: nobody sits in front of it.
    pub fn system(&self, party: &Party) -> Desk {
        self.desks().system(party)
    }

    /// A user of a party.
    pub fn user(&self, party: &Party, subject: &str, qualification: Option<&str>) -> Desk {
        self.desks().user(party, subject, qualification)
    }

    /// A patient in front of the portal.
    pub fn patient(&self, person: &Person) -> Desk {
        let desk = self.user(&self.cast.portal, "portal-user", None);
        desk.claiming(|claims| claims.patient = Some(person.identifier.clone()))
    }

    /// A client with a certificate, or none.
    pub fn client(&self, identity: Option<&Identity>) -> Client {
        self.desks().client(identity)
    }

    /// A desk with a certificate that the test made.
    pub fn desk_with(&self, identity: &Identity) -> Desk {
        self.desks().plain(identity)
    }

    /// Registers one more participant with a new certificate, and gives its system.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn add_institution(
        &mut self,
        certificate: &'static str,
        name: &str,
        institutions: &[&str],
    ) -> Desk {
        let desk = self.add_participant(certificate, Role::Institution, institutions).await;
        for number in institutions {
            let number = number.parse().expect("ten digits");
            self.service.name_institution(OPERATOR, number, name).await.expect("a name");
        }
        self.records_before += institutions.len() as i64;
        desk
    }

    /// Registers one more participant of any role, named like its certificate.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn add_participant(
        &mut self,
        certificate: &'static str,
        role: Role,
        institutions: &[&str],
    ) -> Desk {
        let identity = self.pki.client(certificate).expect("a certificate");
        let new = NewParticipant {
            name: certificate.to_owned(),
            role,
            insurer: None,
            institutions: institutions.iter().map(|text| text.parse().expect("digits")).collect(),
            certificates: vec![identity.fingerprint],
        };
        self.service.add_participant(OPERATOR, &new).await.expect("a new participant");
        self.records_before += 1;
        self.desk_with(&identity)
    }

    /// Registers one more insurer, and gives the desk of somebody there.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn add_insurer(&mut self, certificate: &'static str, number: &str) -> Desk {
        let identity = self.pki.client(certificate).expect("a certificate");
        let party = Party {
            certificate,
            name: certificate.to_owned(),
            role: Role::Insurer,
            institution: None,
            insurer: Some(number.parse().expect("eight digits")),
        };
        let new = NewParticipant {
            name: party.name.clone(),
            role: party.role,
            insurer: party.insurer.clone(),
            institutions: std::collections::BTreeSet::new(),
            certificates: vec![identity.fingerprint],
        };
        self.service.add_participant(OPERATOR, &new).await.expect("a new insurer");
        self.records_before += 1;
        self.user(&party, "clerk", None)
    }

    // Persons and consent.

    /// An announced person; `nth` tells several apart.
    pub async fn announced(&self, nth: usize) -> Person {
        let person = self.persons().nth(nth).expect("the world has many persons");
        self.announce(&person).await;
        person
    }

    /// Persons with one identifier, each of a family of its own.
    pub fn persons(&self) -> impl Iterator<Item = Person> {
        let world = self.world;
        (0..world.size().persons)
            .step_by(16)
            .map(move |index| world.person(index))
            .filter(|person| person.held.len() == 1 && !person.identifier.lacks_branch())
    }

    /// The eligibility network announces a person.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn announce(&self, person: &Person) {
        let reply = self.eligibility.post("/fhir/Patient/$announce", announcement(person)).await;
        reply.must_be(200);
    }

    /// The patient consents at the clinic for one visit.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn consent(&self, person: &Person, categories: &[ConsentCategory]) -> Visit {
        let clinic = self.cast.clinic.institution.expect("a clinic has a number");
        self.consent_at(clinic, person, categories).await
    }

    /// The patient consents somewhere.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn consent_at(
        &self,
        institution: InstitutionNumber,
        person: &Person,
        categories: &[ConsentCategory],
    ) -> Visit {
        let visit = self.visit(institution, person);
        let reply = self.eligibility.post("/fhir/Consent", visit.active(categories)).await;
        reply.must_be(201);
        visit
    }

    /// The patient consents to everything at the clinic.
    pub async fn full_consent(&self, person: &Person) -> Visit {
        self.consent(person, ALL_CATEGORIES).await
    }

    /// A visit for which nothing was sent yet.
    pub fn visit(&self, institution: InstitutionNumber, person: &Person) -> Visit {
        let number = self.visits.fetch_add(1, Ordering::Relaxed);
        Visit { number, institution, patient: person.identifier.clone() }
    }

    /// Changes a consent.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn change_consent(&self, visit: &Visit, categories: &[ConsentCategory]) {
        self.eligibility.put(&visit.address(), visit.active(categories)).await.must_be(200);
    }

    /// Revokes a consent.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn revoke(&self, visit: &Visit) {
        self.eligibility.put(&visit.address(), visit.inactive()).await.must_be(200);
    }

    /// The patient's key, `Patient/…`, as the database knows it.
    ///
    /// # Panics
    /// When the person was not announced.
    pub async fn key_of(&self, person: &Person) -> String {
        let digest = person.identifier.digest().to_vec();
        let sql = "select replace(person::text, '-', '') from person_identifier where digest = $1";
        let mut connection = self.database.as_owner().await;
        let found = sqlx::query_scalar::<_, String>(sql).bind(digest).fetch_one(&mut connection);
        format!("Patient/{}", found.await.expect("an announced person"))
    }

    // Bundles.

    /// The hospital.
    pub fn institution(&self) -> Institution {
        self.world.institution(0)
    }

    /// A sending of now with a number of its own.
    pub fn sending(&self) -> Sending {
        let serial = self.serials.fetch_add(1, Ordering::Relaxed) + 1;
        Sending::new(u64::from(serial), self.now())
    }

    /// A report of the hospital with these listed items, collected an hour ago.
    pub fn lab(&self, person: &Person, items: &[u16]) -> SynthBundle {
        let results = items.iter().map(|item| ChosenResult::listed(*item)).collect();
        self.lab_of(person, self.sending(), self.now() - chrono::TimeDelta::hours(1), results)
    }

    /// A report.
    pub fn lab_of(
        &self,
        person: &Person,
        sending: Sending,
        collected_at: DateTime<Utc>,
        results: Vec<ChosenResult>,
    ) -> SynthBundle {
        let report = LabReport { sending, collected_at, results: Results::Chosen(results) };
        labs(&self.institution(), person, &report)
    }

    /// Diseases with flags by position.
    pub fn diseases(
        &self,
        person: &Person,
        count: usize,
        flags: &[kyoyu_domain::entry::Flags],
    ) -> SynthBundle {
        let list = ConditionList { sending: self.sending(), count, flags: flags.to_vec() };
        conditions(&self.institution(), person, &list)
    }

    /// Allergies.
    pub fn allergies(&self, person: &Person, kinds: &[AllergyKind]) -> SynthBundle {
        let list =
            AllergyList { sending: self.sending(), kinds: kinds.to_vec(), long_term: Vec::new() };
        allergies(&self.institution(), person, &list)
    }

    /// The hospital registers a Bundle.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn register(&self, bundle: &SynthBundle) -> Receipt {
        let reply = self.hospital.post("/fhir/Bundle", bundle.json.clone()).await;
        reply.must_be(201);
        Receipt::of(&reply)
    }

    // SQL.

    /// The rows of a table.
    ///
    /// # Panics
    /// When there is no such table.
    pub async fn count(&self, table: &str) -> i64 {
        let mut connection = self.database.as_owner().await;
        let sql = AssertSqlSafe(format!("select count(*) from {table}"));
        let count = sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut connection).await;
        count.expect("a table of the schema")
    }

    /// The rows of every table that a submission writes to.
    pub async fn stored(&self) -> [i64; 4] {
        [
            self.count("segment").await,
            self.count("submission").await,
            self.count("bundle_identifier").await,
            self.count("tombstone").await,
        ]
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
        assert!(
            self.finished || thread::panicking(),
            "a test ends with TestApp::finish, which checks the audit records"
        );
    }
}

/// Every category of consent.
pub const ALL_CATEGORIES: &[ConsentCategory] = &[
    ConsentCategory::Conditions,
    ConsentCategory::Infections,
    ConsentCategory::Record,
    ConsentCategory::Checkup,
];

/// The TLS options of a gateway with these certificates.
pub fn tls_options(pki: &Pki) -> TlsOptions {
    TlsOptions {
        certificates: pki.server().certificate_pem.clone().into_bytes(),
        key: pki.server().key_pem.clone().into_bytes(),
        client_authorities: pki.root_pem().as_bytes().to_vec(),
        revocation_lists: Vec::new(),
    }
}

async fn register_cast(service: &Service, cast: &Cast, pki: &Pki) {
    for party in cast.parties() {
        let certificate = pki.client(party.certificate).expect("a certificate");
        let new = NewParticipant {
            name: party.name.clone(),
            role: party.role,
            insurer: party.insurer.clone(),
            institutions: party.institution.into_iter().collect(),
            certificates: vec![certificate.fingerprint],
        };
        service.add_participant(OPERATOR, &new).await.expect("a new participant");
        if let Some(number) = party.institution {
            service.name_institution(OPERATOR, number, &party.name).await.expect("a name");
        }
    }
    for issuer in &cast.issuers {
        let key = issuer.open(pki).expect("a key");
        let issuer = Issuer {
            name: issuer.url.to_owned(),
            role: issuer.role,
            keys: vec![key.public_key()],
            institutions: issuer.institutions.iter().copied().collect(),
        };
        service.add_issuer(OPERATOR, &issuer).await.expect("a new issuer");
    }
}

/// What desks are made of.
struct Desks<'a> {
    address: SocketAddr,
    pki: &'a Pki,
    cast: &'a Cast,
    calls: &'a Arc<Calls>,
}

impl Desks<'_> {
    fn client(&self, identity: Option<&Identity>) -> Client {
        let options = ClientOptions {
            connections: 8,
            request_time: Duration::from_secs(90),
            ..ClientOptions::once()
        };
        let client = Client::with(self.address, self.pki.root_pem(), identity, options);
        client.expect("certificates of our own")
    }

    fn plain(&self, identity: &Identity) -> Desk {
        let client = self.client(Some(identity));
        Desk { client, user: None, calls: Arc::clone(self.calls) }
    }

    fn system(&self, party: &Party) -> Desk {
        self.plain(&self.pki.client(party.certificate).expect("a certificate"))
    }

    fn user(&self, party: &Party, subject: &str, qualification: Option<&str>) -> Desk {
        let identity = self.pki.client(party.certificate).expect("a certificate");
        let purpose = match party.role {
            Role::PatientPortal => Purpose::PatientRequest,
            Role::Insurer => Purpose::Operations,
            _ => Purpose::Treat,
        };
        let claims = Claims {
            audience: AUDIENCE.to_owned(),
            subject: subject.to_owned(),
            role: party.role,
            purpose,
            qualification: qualification.map(str::to_owned),
            institution: party.institution,
            patient: None,
            proxy: None,
            certificate: identity.fingerprint,
        };
        let issuer = self.cast.issuers.iter().find(|issuer| issuer.role == party.role);
        let issuer = issuer.expect("somebody signs for the role").open(self.pki).expect("a key");
        let user = Some(User { issuer: Arc::new(issuer), claims });
        Desk { user, ..self.plain(&identity) }
    }
}

/// 窓口 — sends requests as somebody; each request must leave one audit record.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The connections.
    pub client: Client,
    user: Option<User>,
    calls: Arc<Calls>,
}

#[derive(Debug, Clone)]
struct User {
    issuer: Arc<TokenIssuer>,
    claims: Claims,
}

impl Desk {
    /// The same with other claims in its tokens.
    ///
    /// # Panics
    /// When nobody sits at this desk.
    #[must_use]
    pub fn claiming(&self, change: impl FnOnce(&mut Claims)) -> Self {
        let mut desk = self.clone();
        change(&mut desk.user.as_mut().expect("a user").claims);
        desk
    }

    /// The issuer of the desk's tokens and what they say.
    ///
    /// # Panics
    /// When nobody sits at this desk.
    pub fn tokens(&self) -> (&TokenIssuer, &Claims) {
        let user = self.user.as_ref().expect("a user");
        (&user.issuer, &user.claims)
    }

    /// A fresh token; none for a system.
    ///
    /// # Panics
    /// When the key does not sign.
    pub fn token(&self) -> Option<String> {
        let user = self.user.as_ref()?;
        Some(user.issuer.issue(&user.claims).expect("the key signs"))
    }

    /// Sends a request as it is.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(&self, request: Request) -> Reply {
        let reply = self.client.send(&request).await.expect("an answer");
        // Throttled calls share a record.
        if reply.status != StatusCode::TOO_MANY_REQUESTS {
            self.calls.0.fetch_add(1, Ordering::SeqCst);
        }
        reply
    }

    async fn send_signed(&self, request: anyhow::Result<Request>) -> Reply {
        let token = self.token();
        let request = request.and_then(|request| request.token(token.as_deref()));
        self.send(request.expect("a well-formed request")).await
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Reply {
        self.send_signed(Request::get(path)).await
    }

    /// `POST` of a resource.
    pub async fn post(&self, path: &str, body: impl Into<Bytes>) -> Reply {
        self.send_signed(Request::post_json(path, body)).await
    }

    /// `PUT` of a resource.
    pub async fn put(&self, path: &str, body: impl Into<Bytes>) -> Reply {
        self.send_signed(Request::put_json(path, body)).await
    }

    /// `POST` of search parameters.
    pub async fn search(&self, path: &str, parameters: &[(&str, &str)]) -> Reply {
        self.send_signed(Request::post_form(path, parameters)).await
    }

    /// Any other method.
    pub async fn call(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Reply {
        self.send_signed(Request::new(method, path, body)).await
    }

    /// Searches a type for a patient by the insured number, in the body.
    pub async fn search_for(&self, of: &str, person: &Person) -> Reply {
        let number = number_of(&person.identifier);
        self.search(&format!("/fhir/{of}/_search"), &[("patient:identifier", &number)]).await
    }
}

/// `system|value` of a person's identifier.
pub fn number_of(identifier: &PersonIdentifier) -> String {
    format!("{}|{}", identifier.system().uri(), identifier.value().expose())
}

/// `PUT /fhir/Bundle?identifier=…`
pub fn change_address(identifier: &BundleIdentifier) -> String {
    let token = format!("{}|{}", BundleIdentifier::SYSTEM, identifier.value());
    format!("/fhir/Bundle?identifier={}", url_encoded(&token))
}

/// A value as it stands in a query.
pub fn url_encoded(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// The Parameters of `$cancel` and `$undo-cancel`.
pub fn cancellation(identifier: &str, patient: &PersonIdentifier) -> String {
    let named = |system: &str, value: &str| json!({"system": system, "value": value});
    json!({"resourceType": "Parameters", "parameter": [
        {"name": "identifier", "valueIdentifier": named(BundleIdentifier::SYSTEM, identifier)},
        {"name": "patient",
         "valueIdentifier": named(patient.system().uri(), patient.value().expose())},
    ]})
    .to_string()
}

/// 受診 — a consent for one visit at one institution.
#[derive(Debug, Clone)]
pub struct Visit {
    number: u32,
    institution: InstitutionNumber,
    patient: PersonIdentifier,
}

impl Visit {
    /// `PUT` changes it here.
    pub fn address(&self) -> String {
        let token = format!("{CONSENT_SYSTEM}|visit-{}", self.number);
        format!("/fhir/Consent?identifier={}", url_encoded(&token))
    }

    /// The consent to categories.
    pub fn active(&self, categories: &[ConsentCategory]) -> String {
        self.body("active", categories).to_string()
    }

    /// The revocation.
    pub fn inactive(&self) -> String {
        self.body("inactive", &[]).to_string()
    }

    /// The consent as JSON, for tests that break it.
    pub fn body(&self, status: &str, categories: &[ConsentCategory]) -> Value {
        let coded =
            |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
        let mut provision = json!({
            "type": "permit",
            "actor": [{
                "role": coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PRCP"),
                "reference": {"identifier": {
                    "system": kyoyu_profile::consent::INSTITUTION_SYSTEM,
                    "value": self.institution.as_str(),
                }},
            }],
        });
        if !categories.is_empty() {
            let system = kyoyu_profile::consent::CATEGORY_SYSTEM;
            let codes = categories.iter().map(|category| coded(system, category.code()));
            provision["code"] = codes.collect();
        }
        json!({
            "resourceType": "Consent",
            "identifier": [{"system": CONSENT_SYSTEM, "value": format!("visit-{}", self.number)}],
            "status": status,
            "scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
            "category": [coded("http://loinc.org", "59284-0")],
            "patient": {"identifier": {
                "system": self.patient.system().uri(),
                "value": self.patient.value().expose(),
            }},
            "policyRule": coded(ACT_CODE, "OPTIN"),
            "provision": provision,
        })
    }
}

/// 受付票 — what tests take out of a receipt.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The receipt's id.
    pub id: String,
    /// registered, cancelled, …
    pub state: String,
    /// `lab` → (sent, hidden, not shared).
    pub kinds: Vec<(String, [u64; 3])>,
}

impl Receipt {
    /// Reads a receipt.
    ///
    /// # Panics
    /// When it is none.
    pub fn of(reply: &Reply) -> Self {
        Self::read(&reply.json().expect("JSON")["parameter"]).expect("a receipt")
    }

    /// Reads the parameters of a receipt or of one submission of a list.
    pub fn read(parameters: &Value) -> Option<Self> {
        let parameters = parameters.as_array()?;
        let named = |name: &str| parameters.iter().find(|one| one["name"] == name);
        let kind = |one: &Value| {
            let parts = one["part"].as_array()?;
            let part = |name: &str| parts.iter().find(|part| part["name"] == name);
            let number = |name: &str| part(name)?["valueUnsignedInt"].as_u64();
            let code = part("code")?["valueCode"].as_str()?.to_owned();
            Some((code, [number("sent")?, number("hidden")?, number("notShared")?]))
        };
        Some(Self {
            id: named("receipt")?["valueId"].as_str()?.to_owned(),
            state: named("state")?["valueCode"].as_str()?.to_owned(),
            kinds: parameters
                .iter()
                .filter(|one| one["name"] == "kind")
                .map(kind)
                .collect::<Option<_>>()?,
        })
    }

    /// Sent, hidden and not shared of a kind.
    ///
    /// # Panics
    /// When the receipt does not name it.
    pub fn kind(&self, code: &str) -> [u64; 3] {
        let found = self.kinds.iter().find(|kind| kind.0 == code);
        found.unwrap_or_else(|| panic!("the receipt does not name {code}")).1
    }
}

/// What tests ask of an answer.
pub trait Answer {
    /// Demands a status.
    ///
    /// # Panics
    /// When it is another; says what was answered.
    fn must_be(&self, status: u16) -> &Self;
    /// Demands a refusal.
    ///
    /// # Panics
    /// When it is something else; says what was answered.
    fn must_refuse(&self, status: u16, rule: &str) -> &Self;
    /// The body as text.
    fn text(&self) -> String;
    /// The resources that a search shows, as (id, whole entry).
    fn matches(&self) -> Vec<(String, Value)>;
    /// The next page, from `/fhir` on.
    fn next(&self) -> Option<String>;
}

impl Answer for Reply {
    fn must_be(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    fn must_refuse(&self, status: u16, rule: &str) -> &Self {
        let said = (self.status.as_u16(), self.rule());
        assert_eq!(said, (status, Some(rule.to_owned())), "{}", self.text());
        self
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn matches(&self) -> Vec<(String, Value)> {
        let page = self.json().expect("JSON");
        let entries = page["entry"].as_array().cloned().unwrap_or_default();
        let matches = entries.into_iter().filter(|entry| entry["search"]["mode"] == "match");
        matches
            .map(|entry| (entry["resource"]["id"].as_str().unwrap_or_default().to_owned(), entry))
            .collect()
    }

    fn next(&self) -> Option<String> {
        let page = self.json().expect("JSON");
        let links = page["link"].as_array()?.clone();
        let next = links.iter().find(|link| link["relation"] == "next")?["url"].as_str()?;
        Some(format!("/fhir{}", next.strip_prefix(BASE_URL)?))
    }
}
