//! `kyoyu demo`
//!
//! Runs the real server in this process, on a private Postgres with certificates of a
//! development CA, and plays the story through its public API. The clock of retention can
//! be moved here and nowhere else: `serve` has no way to this one.

mod backstage;
mod clock;

use std::{
    io::{self, IsTerminal},
    net::SocketAddr,
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use chrono::Days;
use clap::Args;
use kyoyu_devkit::{
    Pki, PrescriptionStandIn, StandIn,
    hpki::{CardKey, CardPlan, Hpki, RevocationDates, SigningCard},
    story::{self, Cast, Hints, Narrator, Setup, Step},
};
use kyoyu_domain::{
    identifiers::PersonIdentifier,
    participant::Issuer,
    randomness::{Randomness, SystemRandomness},
};
use kyoyu_gateway::TlsOptions;
use kyoyu_peers::{BreakerOptions, Credentials, PrescriptionClient, PrescriptionOptions};
use kyoyu_service::{Asking, Eligibility, NewParticipant, Peers, Service};
use kyoyu_signature::Trust;
use kyoyu_synth::{Seed, World, WorldSize};

use self::backstage::Crew;
pub(crate) use self::clock::OffsetClock;
use crate::{
    config::{Config, Format},
    database::{self, Connection},
    output,
    server::{self, Parts, Server},
    telemetry,
};

/// Shows the whole life of shared data on this machine, then stays up.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Ends after the story: exit code 0 only if everything held.
    #[arg(long)]
    once: bool,
    /// Persons that are announced.
    #[arg(long, default_value_t = 300)]
    persons: u64,
    /// The world of the story; another one at every run when not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the data lies; kept between runs.
    #[arg(long)]
    data_dir: Option<std::path::PathBuf>,
    /// Makes a step expect something wrong, to see that the story notices.
    #[arg(long, hide = true)]
    sabotage: Option<Step>,
}

/// The name of the demonstration's database.
const NAME: &str = "demo";

pub(super) async fn run(mut config: Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    prepare(&mut config, &arguments);
    telemetry::start(&config.telemetry)?;
    output::line("共有 Kyoyu — 専用のPostgresを用意しています / preparing a private Postgres")?;
    let directory = database::data_dir(&config.database, NAME)?;
    let connection = Connection::open(&config.database, NAME).await?;
    connection.migrate().await?;
    let outcome = show(&config, &connection, &directory, &arguments).await;
    connection.close().await?;
    outcome
}

/// What differs from the defaults: quiet logs, no purge behind the story's back, and for
/// `--once` addresses that nobody else can hold.
fn prepare(config: &mut Config, arguments: &Arguments) {
    "warn".clone_into(&mut config.telemetry.level);
    config.telemetry.format = Format::Text;
    config.purge.enabled = false;
    config.registry = crate::config::Registry::every(Duration::from_millis(100));
    if let Some(directory) = &arguments.data_dir {
        config.database.data_dir.clone_from(directory);
    }
    if arguments.once {
        config.listener.address = SocketAddr::from(([127, 0, 0, 1], 0));
        config.health.address = SocketAddr::from(([127, 0, 0, 1], 0));
    }
}

async fn show(
    config: &Config,
    connection: &Connection,
    directory: &Path,
    arguments: &Arguments,
) -> anyhow::Result<ExitCode> {
    let world = world(arguments);
    let pki = Pki::open(&directory.with_extension("pki"))?;
    let clock = OffsetClock::default();
    let prescriptions = PrescriptionStandIn::start(&pki).await?;
    let eligibility = StandIn::knowing(world, arguments.persons..arguments.persons + 10);
    let parts = Parts {
        clock: Arc::new(clock.clone()),
        randomness: Arc::new(SystemRandomness),
        peers: peers(&pki, &prescriptions, eligibility)?,
        keys_beside: directory.to_owned(),
    };
    let service = server::service(config, connection, &parts).await?;
    let card = believed_doctor(&service).await?;
    register(&service, &Cast::of(&world)?, &pki).await?;
    let server = Server::start(config, tls(&pki), service.clone(), &parts).await?;
    let setup = Setup {
        world,
        address: server.address,
        audience: &config.listener.token_audience,
        pki: &pki,
        prescriptions: &prescriptions,
        card: &card,
        persons: arguments.persons,
        sabotage: arguments.sabotage,
    };
    let crew = Crew { service: service.clone(), clock };
    let mut stdout = io::stdout();
    let mut narrator = if stdout.is_terminal() {
        Narrator::to_terminal(&mut stdout)
    } else {
        Narrator::to_file(&mut stdout)
    };
    let outcome = story::play(&setup, &crew, &mut narrator).await?;
    let held = outcome.all_held();
    if let Some(hints) = outcome.hints.filter(|_| !arguments.once) {
        stay_up(&hints, &pki).await?;
    }
    server.stop().await;
    service.close().await;
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The stand-ins of the outside services; prescriptions are asked for over mutual TLS, as
/// `serve` does, with a breaker that forgives at once.
fn peers(
    pki: &Pki,
    prescriptions: &PrescriptionStandIn,
    eligibility: StandIn,
) -> anyhow::Result<Peers> {
    let identity = pki.client("kyoyu")?;
    let client = PrescriptionClient::new(PrescriptionOptions {
        address: prescriptions.base_url().parse()?,
        credentials: Credentials {
            certificates: identity.certificate_pem.into_bytes(),
            key: identity.key_pem.into_bytes(),
            roots: pki.root_pem().as_bytes().to_vec(),
        },
        connect_time: Duration::from_secs(2),
        total_time: Duration::from_secs(5),
        answer_bytes: 1 << 20,
        concurrent: 16,
        breaker: BreakerOptions { failures: 5, pause: Duration::ZERO },
    });
    Ok(Peers {
        eligibility: Arc::new(Network(eligibility)),
        prescriptions: Some(Arc::new(client?)),
    })
}

fn world(arguments: &Arguments) -> World {
    let random = u64::from_be_bytes(
        SystemRandomness.bytes()[..8].try_into().expect("sixteen bytes hold eight"),
    );
    let seed = Seed(arguments.seed.unwrap_or(random));
    World::new(seed, WorldSize { institutions: 40, persons: arguments.persons.max(10) * 10 })
}

/// Registers the cast with its certificates and token issuers.
async fn register(service: &Service, cast: &Cast, pki: &Pki) -> anyhow::Result<()> {
    let refused = |problem| output::problem(&problem);
    for party in cast.parties() {
        let certificate = pki.client(party.certificate)?;
        let new = NewParticipant {
            name: format!("{} ({})", party.name, party.certificate),
            role: party.role,
            insurer: party.insurer.clone(),
            institutions: party.institution.into_iter().collect(),
            certificates: vec![certificate.fingerprint],
        };
        service.add_participant(NAME, &new).await.map_err(refused)?;
        if let Some(number) = party.institution {
            service.name_institution(NAME, number, &party.name).await.map_err(refused)?;
        }
    }
    for issuer in &cast.issuers {
        let key = issuer.open(pki)?;
        let issuer = Issuer {
            name: issuer.url.to_owned(),
            role: issuer.role,
            keys: vec![key.public_key()],
            institutions: issuer.institutions.iter().copied().collect(),
        };
        service.add_issuer(NAME, &issuer).await.map_err(refused)?;
    }
    Ok(())
}

/// 医師 — a doctor with a card of a healthcare PKI that the service believes from now on; the
/// PKI lasts as long as this run.
async fn believed_doctor(service: &Service) -> anyhow::Result<SigningCard> {
    let hpki = Hpki::create()?;
    let now = service.now().await.map_err(|problem| output::problem(&problem))?;
    let (from, until) = (now - Days::new(30), now + Days::new(700));
    let card = hpki.card(&CardPlan {
        name: "Kyoyu Hanako",
        role: Some("Medical Doctor"),
        key: CardKey::P256,
        from,
        until,
    })?;
    let lists = hpki.revocation_pem(RevocationDates { made_at: now, until }, &[])?;
    let trust = Trust::from_pem(hpki.root_pem().as_bytes(), lists.as_bytes())?;
    service.signature_trust().replace(trust);
    Ok(card)
}

fn tls(pki: &Pki) -> TlsOptions {
    TlsOptions {
        certificates: pki.server().certificate_pem.clone().into_bytes(),
        key: pki.server().key_pem.clone().into_bytes(),
        client_authorities: pki.authority().certificate_pem().as_bytes().to_vec(),
        revocation_lists: Vec::new(),
    }
}

/// Prints what to try, and keeps the tokens in the files fresh until it is stopped.
async fn stay_up(hints: &Hints, pki: &Pki) -> anyhow::Result<()> {
    hints.write_tokens(pki)?;
    output::line("")?;
    for hint in &hints.commands {
        output::line(&format!("# {} / {}\n{}\n", hint.japanese, hint.english, hint.command))?;
    }
    output::line("止めるには Ctrl-C / stop with Ctrl-C")?;
    let mut ticks = tokio::time::interval(Hints::TOKENS_EVERY);
    loop {
        tokio::select! {
            () = server::stop_signal() => return Ok(()),
            _ = ticks.tick() => hints.write_tokens(pki)?,
        }
    }
}

/// The stand-in of the eligibility network.
#[derive(Debug)]
struct Network(StandIn);

impl Eligibility for Network {
    fn ask<'a>(&'a self, identifier: &'a PersonIdentifier) -> Asking<'a> {
        Box::pin(std::future::ready(self.0.ask(identifier)))
    }
}
