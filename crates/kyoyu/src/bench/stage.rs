//! 計測の場 — a real server on a private database of its own, with patients and consents.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Instant};

use anyhow::Context;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use kyoyu_devkit::{Claims, Client, Identity, Pki, Request, TokenIssuer, Wire, story::Visit};
use kyoyu_domain::{
    clock::Clock,
    consent::ConsentCategory,
    identifiers::InstitutionNumber,
    participant::{Issuer, Participant, Role, SignatureAlgorithm},
    policy::Purpose,
    randomness::{Randomness, SystemRandomness},
};
use kyoyu_gateway::TlsOptions;
use kyoyu_service::{Caller, NewParticipant, Peers, Service};
use kyoyu_store::measure::Meter;
use kyoyu_synth::{Seed, World, WorldSize, announcement};

use super::{
    Extent, Figures, Requests,
    sent::{Batch, Drawn, Sent},
};
use crate::{
    commands::OffsetClock,
    config::Config,
    database::{self, Connection},
    output, server,
};

/// Another seed than that of the dictionary.
const SEED: u64 = 2026;
const INSTITUTIONS: u64 = 200;

/// The running server with everything that a load needs.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) meter: Meter,
    pub(super) service: Service,
    pub(super) clock: OffsetClock,
    pki: Pki,
    sender: Identity,
    connections: usize,
    patients: Vec<String>,
    reader: Reader,
    pub(super) sent: Sent,
    from: DateTime<Utc>,
    config: Config,
    connection: Connection,
    server: server::Server,
    parts: server::Parts,
    tls: TlsOptions,
    name: String,
    directory: PathBuf,
}

/// Who reads.
struct Reader {
    issuer: TokenIssuer,
    identity: Identity,
    institution: InstitutionNumber,
    audience: String,
}

impl Stage {
    pub(super) async fn open(config: &Config, extent: Extent) -> anyhow::Result<Self> {
        let mut config = config.clone();
        config.purge.enabled = false;
        config.purge.always_allowed = u64::MAX;
        config.listener.address = SocketAddr::from(([127, 0, 0, 1], 0));
        config.health.address = SocketAddr::from(([127, 0, 0, 1], 0));
        (config.limits.requests_per_second, config.limits.burst) = (1_000_000, 1_000_000);
        let randomness: &dyn Randomness = &SystemRandomness;
        let name = format!("bench-{}", randomness.uuid_v4().simple());
        let directory = database::data_dir(&config.database, &name)?;
        let connection = Connection::open(&config.database, &name).await?;
        connection.migrate().await?;
        let superuser = connection.superuser_url();
        let superuser =
            superuser.context("bench needs the private database: unset DATABASE_URL")?;
        let meter = Meter::connect(&superuser, extent.connections as u32).await?;
        let clock = OffsetClock::default();
        let parts = server::Parts {
            clock: Arc::new(clock.clone()),
            randomness: Arc::new(SystemRandomness),
            peers: Peers::default(),
            keys_beside: directory.clone(),
        };
        let service = server::service(&config, &connection, &parts).await?;
        let pki = Pki::in_memory()?;
        let tls = TlsOptions {
            certificates: pki.server().certificate_pem.clone().into_bytes(),
            key: pki.server().key_pem.clone().into_bytes(),
            client_authorities: pki.root_pem().as_bytes().to_vec(),
            revocation_lists: Vec::new(),
        };
        let server = server::Server::start(&config, tls.clone(), service.clone(), &parts).await?;
        let size = WorldSize { institutions: INSTITUTIONS, persons: extent.patients };
        let world = World::new(Seed(SEED), size);
        let sender = pki.client("sender")?;
        let reader = register(&service, &world, &pki, &config).await?;
        let patients = people(&service, &world, &reader).await?;
        let from = service.now().await.map_err(|problem| output::problem(&problem))?;
        Ok(Self {
            world,
            meter,
            service,
            clock,
            pki,
            sender,
            connections: extent.connections,
            patients,
            reader,
            sent: Sent::default(),
            from,
            config,
            connection,
            server,
            parts,
            tls,
            name,
            directory,
        })
    }

    pub(super) fn postmaster(&self) -> Option<u32> {
        self.connection.postmaster()
    }

    /// When the measuring began.
    pub(super) fn opened_at(&self) -> DateTime<Utc> {
        self.from
    }

    /// When everything that is made beforehand is sent.
    pub(super) fn sent_at(&self) -> DateTime<Utc> {
        self.clock.now(self.from) - TimeDelta::seconds(1)
    }

    /// A request as it goes over a connection.
    pub(super) fn message(&self, request: &Request) -> Bytes {
        request.message(self.server.address)
    }

    /// A client with the sending system's certificate.
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        Client::connect(self.server.address, self.pki.root_pem(), Some(&self.sender))
    }

    /// Connections with the sending system's certificate.
    pub(super) async fn senders(&self) -> anyhow::Result<Vec<Wire>> {
        self.connect(&self.sender).await
    }

    /// Connections with the reading institution's certificate.
    pub(super) async fn readers(&self) -> anyhow::Result<Vec<Wire>> {
        self.connect(&self.reader.identity).await
    }

    async fn connect(&self, identity: &Identity) -> anyhow::Result<Vec<Wire>> {
        let (address, root_pem) = (self.server.address, self.pki.root_pem());
        let mut wires = Vec::new();
        for _ in 0..self.connections {
            wires.push(Wire::open(address, root_pem, Some(identity)).await?);
        }
        Ok(wires)
    }

    /// Registrations of Bundles that were never sent before, for patients here and there.
    pub(super) fn bundles(&self, resources: usize, count: u64) -> anyhow::Result<Batch> {
        let (world, first) = (self.world, self.sent.drawn());
        self.bundles_of(resources, (first..first + count).map(|number| world.anybody(number)))
    }

    /// Registrations of Bundles that were never sent before, one for each of the persons.
    pub(super) fn bundles_of(
        &self,
        resources: usize,
        persons: impl Iterator<Item = u64>,
    ) -> anyhow::Result<Batch> {
        let mut batch = self.sent.draw(resources, persons, self.sent_at());
        let message = |bundle: &Drawn| {
            let request = Request::post_json("/fhir/Bundle", bundle.make(&self.world).json)?;
            anyhow::Ok(self.message(&request))
        };
        batch.requests =
            Arc::new(batch.bundles.iter().map(message).collect::<anyhow::Result<_>>()?);
        Ok(batch)
    }

    /// Lines for the bulk door: Bundles that were never sent before, for patients here and there.
    pub(super) fn lines(&self, resources: usize, count: u64) -> Vec<u8> {
        let first = self.sent.drawn();
        let persons = (first..first + count).map(|number| self.world.anybody(number));
        let batch = self.sent.draw(resources, persons, self.sent_at());
        let lines = batch.bundles.iter().map(|bundle| bundle.make(&self.world).json + "\n");
        lines.collect::<String>().into_bytes()
    }

    /// How many lines the server registers at once.
    pub(super) fn import_workers(&self) -> usize {
        self.config.import.workers
    }

    /// Searches for the newest twenty results of patients, in a scattered order.
    pub(super) fn searches(&self, count: usize) -> anyhow::Result<Requests> {
        let token = self.reader.token()?;
        let patients = self.patients.len();
        let make = |number: usize| {
            let patient = &self.patients[number.wrapping_mul(7_919) % patients];
            let path = format!("/fhir/Observation?patient=Patient/{patient}&_count=20");
            anyhow::Ok(self.message(&Request::get(&path)?.token(Some(&token))?))
        };
        Ok(Arc::new((0..count).map(make).collect::<anyhow::Result<_>>()?))
    }

    /// Stops everything and starts again on the same data: the time until the gateway
    /// takes requests.
    pub(super) async fn restart(
        self,
        config: &Config,
        figures: &mut Figures,
    ) -> anyhow::Result<()> {
        self.server.stop().await;
        self.service.close().await;
        self.connection.close().await?;
        let began = Instant::now();
        let connection = Connection::open(&config.database, &self.name).await?;
        connection.migrate().await?;
        let service = server::service(&self.config, &connection, &self.parts).await?;
        let server =
            server::Server::start(&self.config, self.tls, service.clone(), &self.parts).await?;
        anyhow::ensure!(service.is_ready().await, "the restarted service is not ready");
        figures.put("start.ready_s", began.elapsed().as_secs_f64());
        server.stop().await;
        service.close().await;
        connection.close().await?;
        remove(&self.directory)
    }
}

impl Reader {
    fn token(&self) -> anyhow::Result<String> {
        self.issuer.issue(&Claims {
            audience: self.audience.clone(),
            subject: "bench-doctor".to_owned(),
            role: Role::Institution,
            purpose: Purpose::Treat,
            qualification: Some("doctor".to_owned()),
            institution: Some(self.institution),
            patient: None,
            proxy: None,
            certificate: self.identity.fingerprint,
        })
    }
}

/// Registers one system that sends for all institutions, one institution that reads, and
/// the issuer of its tokens.
async fn register(
    service: &Service,
    world: &World,
    pki: &Pki,
    config: &Config,
) -> anyhow::Result<Reader> {
    let refused = |problem| output::problem(&problem);
    let numbers = (0..world.size().institutions).map(|index| world.institution(index).number);
    let add = |name: &str, identity: &Identity, institutions| NewParticipant {
        name: name.to_owned(),
        role: Role::Institution,
        insurer: None,
        institutions,
        certificates: vec![identity.fingerprint],
    };
    let sender = add("bench-sender", &pki.client("sender")?, numbers.collect());
    service.add_participant("bench", &sender).await.map_err(refused)?;
    let identity = pki.client("reader")?;
    let institution = world.institution(0).number;
    let reader = add("bench-reader", &identity, [institution].into());
    service.add_participant("bench", &reader).await.map_err(refused)?;
    let issuer = pki.token_issuer("bench", "https://bench.invalid", SignatureAlgorithm::Es256)?;
    let registered = Issuer {
        name: issuer.name().to_owned(),
        role: Role::Institution,
        keys: vec![issuer.public_key()],
        institutions: [institution].into(),
    };
    service.add_issuer("bench", &registered).await.map_err(refused)?;
    let audience = config.listener.token_audience.clone();
    Ok(Reader { issuer, identity, institution, audience })
}

/// Announces every patient and registers a consent for the reading institution; answers
/// the patients' keys.
async fn people(service: &Service, world: &World, reader: &Reader) -> anyhow::Result<Vec<String>> {
    let refused = |problem| output::problem(&problem);
    let network = Caller { participant: Arc::new(network()), institution: None, token: None };
    let categories: Vec<ConsentCategory> = ConsentCategory::ALL.iter().map(|row| row.0).collect();
    let mut keys = Vec::new();
    for index in 0..world.size().persons {
        let person = world.person(index);
        let body = Bytes::from(announcement(&person));
        let known = service.announce(&network, body).await.map_err(refused)?;
        let visit = Visit {
            number: index as u32,
            patient: person.identifier.clone(),
            institution: reader.institution,
        };
        let consent = Bytes::from(visit.allows(&categories));
        service.put_consent(&network, None, consent).await.map_err(refused)?;
        keys.push(known.key.to_string());
    }
    Ok(keys)
}

/// The eligibility network, which announces and consents without the gateway here.
fn network() -> Participant {
    Participant {
        id: 0,
        name: "bench-network".to_owned(),
        role: Role::EligibilityNetwork,
        starts_at: DateTime::UNIX_EPOCH,
        ends_at: None,
        institutions: std::collections::BTreeSet::new(),
        predecessors: std::collections::BTreeMap::new(),
        insurer: None,
    }
}

/// Removes the private database and what lies beside it under the same name.
fn remove(directory: &std::path::Path) -> anyhow::Result<()> {
    let (Some(parent), Some(name)) = (directory.parent(), directory.file_name()) else {
        return Ok(());
    };
    for entry in std::fs::read_dir(parent)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(&*name.to_string_lossy()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
