//! 負荷 — institutions that send, and write down what was acknowledged.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use kyoyu_devkit::{Client, Reply};
use kyoyu_synth::{Seed, Submissions, World, WorldSize};
use kyoyu_tests::{
    database::START,
    process::{LIMIT, LOOK_EVERY, until},
};
use sha2::{Digest, Sha256};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};

const SENDERS: usize = 4;

/// More than any test sends.
const MOST: u64 = 10_000_000;

/// 手控え — what senders know.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// The digest of everything that was sent at least once, by Bundle identifier.
    pub(super) sent: HashMap<String, Sent>,
    /// The answers: receipts.
    pub(super) acknowledged: HashMap<String, Bytes>,
}

/// 送信 — bytes that must be stored as they are.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) sha256: [u8; 32],
    pub(super) resources: usize,
    body: Bytes,
}

/// Whose data is sent.
pub(super) fn world(seed: u64) -> World {
    World::new(Seed(seed), WorldSize { institutions: 3, persons: 60 })
}

/// 送信者 — tasks that send one Bundle after the other, each until it is acknowledged.
#[derive(Debug)]
pub(super) struct Senders {
    shared: Arc<Shared>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Submissions>,
    known: Mutex<Known>,
    resent: AtomicU64,
    stopped: AtomicBool,
    clients: watch::Sender<Client>,
}

impl Senders {
    /// Starts sending.
    pub(super) fn start(world: &World, client: Client) -> Self {
        let from: DateTime<Utc> = START.parse().expect("an RFC 3339 instant");
        let span = (from, from + TimeDelta::days(30));
        let (clients, _) = watch::channel(client);
        let shared = Arc::new(Shared {
            queue: Mutex::new(world.submissions(7, span, MOST)),
            known: Mutex::default(),
            resent: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            clients,
        });
        let tasks = (0..SENDERS).map(|_| tokio::spawn(send(Arc::clone(&shared)))).collect();
        Self { shared, tasks: Mutex::new(tasks) }
    }

    /// From now on over this client.
    pub(super) fn use_client(&self, client: Client) {
        self.shared.clients.send_replace(client);
    }

    /// What was sent and acknowledged until now.
    pub(super) fn known(&self) -> Known {
        self.shared.known.lock().expect(UNHARMED).clone()
    }

    pub(super) fn acknowledged(&self) -> usize {
        self.shared.known.lock().expect(UNHARMED).acknowledged.len()
    }

    /// How many sendings got no good answer.
    pub(super) fn resent(&self) -> u64 {
        self.shared.resent.load(Ordering::Relaxed)
    }

    /// Waits until so many are acknowledged.
    pub(super) async fn more_than(&self, count: usize) {
        until("acknowledgements", || {
            self.must_be_well();
            (self.acknowledged() > count).then_some(())
        })
        .await;
    }

    /// A sender ends before its time only by a panic, which has been printed.
    fn must_be_well(&self) {
        let tasks = self.tasks.lock().expect(UNHARMED);
        assert!(!tasks.iter().any(JoinHandle::is_finished), "a sender has given up");
    }

    /// Stops when everything that was sent is acknowledged.
    pub(super) async fn finish(&self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        let tasks = std::mem::take(&mut *self.tasks.lock().expect(UNHARMED));
        for task in tasks {
            task.await.expect("a sender ends well");
        }
    }

    /// Sends everything once more: the answers must be those that were given before.
    pub(super) async fn ask_again(&self, client: &Client, known: &Known) {
        let mut asked = JoinSet::new();
        for (identifier, sent) in &known.sent {
            let (client, sent) = (client.clone(), sent.clone());
            let (identifier, first) = (identifier.clone(), known.acknowledged[identifier].clone());
            asked.spawn(async move {
                let reply = register(&client, &sent).await.expect("the gateway answers");
                assert_eq!(reply.status.as_u16(), 200, "{identifier}: {}", text(&reply));
                assert_eq!(reply.body, first, "{identifier}: another receipt");
            });
            if asked.len() >= SENDERS {
                asked.join_next().await.expect("there is one").expect("the same receipt");
            }
        }
        while let Some(answered) = asked.join_next().await {
            answered.expect("the same receipt");
        }
    }
}

/// Who holds the lock copies or inserts, and does not panic.
const UNHARMED: &str = "no holder of the lock panics";

async fn send(shared: Arc<Shared>) {
    while !shared.stopped.load(Ordering::Relaxed) {
        let next = shared.queue.lock().expect(UNHARMED).next();
        let bundle = next.expect("there are more than anybody sends").bundle;
        let identifier = bundle.identifier.value().to_owned();
        let sha256 = Sha256::digest(bundle.json.as_bytes()).into();
        let sent = Sent { sha256, resources: bundle.resources, body: bundle.json.into() };
        // Written down before it leaves: what is stored must be among it.
        shared.known.lock().expect(UNHARMED).sent.insert(identifier.clone(), sent.clone());
        let receipt = acknowledged(&shared, &identifier, &sent).await;
        shared.known.lock().expect(UNHARMED).acknowledged.insert(identifier, receipt);
    }
}

/// Sends the same bytes until there is a receipt.
async fn acknowledged(shared: &Shared, identifier: &str, sent: &Sent) -> Bytes {
    let began_at = Instant::now();
    loop {
        let client = shared.clients.borrow().clone();
        match register(&client, sent).await {
            Ok(reply) if reply.status.is_success() => return reply.body,
            Ok(reply) if reply.status.is_server_error() => {}
            Ok(reply) => panic!("{identifier} was refused: {}", text(&reply)),
            Err(_) => {}
        }
        shared.resent.fetch_add(1, Ordering::Relaxed);
        assert!(began_at.elapsed() < LIMIT, "{identifier} was not acknowledged in {LIMIT:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn register(client: &Client, sent: &Sent) -> anyhow::Result<Reply> {
    let sending = client.post_json("/fhir/Bundle", None, sent.body.clone());
    tokio::time::timeout(Duration::from_secs(20), sending).await?
}

fn text(reply: &Reply) -> String {
    format!("{} {}", reply.status, String::from_utf8_lossy(&reply.body))
}
