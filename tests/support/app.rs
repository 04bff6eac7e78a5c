//! 試験環境 — the running service as participants see it: the real gateway over mutual TLS
//! on a database of the test's own, with a clock that the test sets.
//!
//! Every request that goes through a [`Desk`] is counted; [`TestApp::finish`] holds that
//! each left exactly one audit record.

mod answer;
mod desk;
mod visit;
mod words;

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    thread,
};

use chrono::{DateTime, Utc};
use kyoyu_devkit::{
    Client, Identity, Pki,
    story::{Cast, Party},
};
use kyoyu_domain::{
    consent::ConsentCategory,
    identifiers::InstitutionNumber,
    participant::{Issuer, Role},
};
use kyoyu_gateway::{Gateway, Limits, TlsOptions, TlsReloader};
use kyoyu_service::{NewParticipant, Peers, Service};
use kyoyu_synth::{
    AllergyKind, AllergyList, ChosenResult, ConditionList, Institution, LabReport, Person, Results,
    Seed, Sending, SynthBundle, World, WorldSize, allergies, announcement, conditions, labs,
};
use sqlx::AssertSqlSafe;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::desk::Desks;
pub use self::{
    answer::{Answer, Receipt},
    desk::Desk,
    visit::Visit,
    words::{cancellation, change_address, number_of, url_encoded},
};
use crate::{database::TestDatabase, seed::seed, service};

/// What tokens are for.
pub const AUDIENCE: &str = "https://localhost/fhir";

/// What stands before the type in links.
pub const BASE_URL: &str = "https://localhost/fhir";

/// Who registers participants.
const OPERATOR: &str = "test";

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

/// What a service is started with besides its options.
struct Surroundings {
    pki: Pki,
    peers: Peers,
    limits: Limits,
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
        let pki = Pki::in_memory().expect("the machine makes keys");
        let mut limits = Limits::default();
        choose_limits(&mut limits);
        let surroundings = Surroundings { pki, peers: Peers::default(), limits };
        Self::within(surroundings, choose_options).await
    }

    /// A service with other options that asks outside services.
    ///
    /// # Panics
    /// When anything does not start.
    pub async fn asking(
        pki: Pki,
        peers: Peers,
        choose_options: impl FnOnce(&mut kyoyu_service::Options),
    ) -> Self {
        let surroundings = Surroundings { pki, peers, limits: Limits::default() };
        Self::within(surroundings, choose_options).await
    }

    async fn within(
        surroundings: Surroundings,
        choose_options: impl FnOnce(&mut kyoyu_service::Options),
    ) -> Self {
        let Surroundings { pki, peers, limits } = surroundings;
        let database = TestDatabase::new().await;
        let world = World::new(Seed(seed()), WorldSize { institutions: 40, persons: 4_000 });
        let cast = Cast::of(&world).expect("the world has a clinic");
        let service = service::service_asking(database.store().await, peers, choose_options).await;
        register_cast(&service, &cast, &pki).await;
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

    /// The server processes of the service's own connections.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn backends(&self) -> BTreeSet<i32> {
        let mut connection = self.database.as_owner().await;
        let sql = "select pid
            from pg_stat_activity
            where datname = current_database() and usename <> current_user";
        let backends = sqlx::query_scalar::<_, i32>(sql).fetch_all(&mut connection).await;
        backends.expect("the list of connections").into_iter().collect()
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
