//! 試験用データベース — a real database for each test, made in a tenth of a second.
//!
//! One disposable server per test process, started when the first test asks. It migrates
//! one database; the others are copies of it (`create database … template …`) that go away
//! with their test. The server ends with the process, and its directory is removed by the
//! next run.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc::{Sender, channel},
    },
    thread,
    time::Duration,
};

use chrono::{DateTime, Utc};
use kyoyu_domain::{clock::MockClock, phi::Phi};
use kyoyu_postgres::{APP_ROLE, DATABASE, OWNER_ROLE, PrivatePostgres, SUPERUSER_ROLE, Scratch};
use kyoyu_store::{Options, Store};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::{mpsc, oneshot};

use crate::seed::{SeededRandomness, seed};

/// The start of every test's time, unless it says otherwise: 09:00 in Japan.
pub const START: &str = "2026-04-01T00:00:00Z";

/// Connections of one store; the server has a hundred for all tests at once.
const CONNECTIONS: u32 = 12;

/// 試験用データベース — migrated, empty, and this test's alone.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    server: &'static Server,
    clock: MockClock,
}

impl TestDatabase {
    /// A fresh database.
    ///
    /// # Panics
    /// When there is no Postgres to start, or it refuses.
    pub async fn new() -> Self {
        let server = Server::of_this_process();
        let name = server.create().await;
        let start: DateTime<Utc> = START.parse().expect("an RFC 3339 instant");
        Self { name, server, clock: MockClock::at(start) }
    }

    /// The clock of every store of this database.
    pub fn clock(&self) -> &MockClock {
        &self.clock
    }

    /// How the service reaches the database.
    pub fn options(&self) -> Options {
        Options {
            url: Phi::new(self.url(APP_ROLE)),
            connections: CONNECTIONS,
            statement_timeout: Duration::from_secs(30),
        }
    }

    /// A store on the database, with its clock and the run's seed.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn store(&self) -> Store {
        let randomness = Arc::new(SeededRandomness::new(seed()));
        let clock = Arc::new(self.clock.clone());
        let store = Store::connect_unchecked(&self.options(), clock, randomness).await;
        store.expect("the disposable server answers")
    }

    /// A connection as the role that owns the tables, for looking at what is stored.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn as_owner(&self) -> PgConnection {
        connect(&self.url(OWNER_ROLE)).await
    }

    /// A connection as the role of the service.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn as_app(&self) -> PgConnection {
        connect(&self.url(APP_ROLE)).await
    }

    fn url(&self, role: &str) -> String {
        self.server.url(role, &self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        self.server.remove(&self.name);
    }
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("the disposable server answers")
}

/// The process's server, served by a thread of its own: runtimes come and go with tests.
#[derive(Debug)]
struct Server {
    orders: mpsc::UnboundedSender<Order>,
    url_of_template: String,
    next: AtomicU32,
}

#[derive(Debug)]
enum Order {
    Create(String, oneshot::Sender<()>),
    Remove(String),
}

impl Server {
    fn of_this_process() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let (orders, inbox) = mpsc::unbounded_channel();
        let (ready, url_of_template) = channel();
        thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = runtime.enable_all().build().expect("a runtime can be made");
                runtime.block_on(serve(&ready, inbox));
            })
            .expect("a thread can be made");
        let url_of_template = url_of_template.recv().expect("Postgres 15 or newer is installed");
        Self { orders, url_of_template, next: AtomicU32::new(1) }
    }

    fn url(&self, role: &str, database: &str) -> String {
        let url =
            self.url_of_template.replace(&format!("///{DATABASE}?"), &format!("///{database}?"));
        url.replace(&format!("user={OWNER_ROLE}&"), &format!("user={role}&"))
    }

    async fn create(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        let (made, done) = oneshot::channel();
        let order = Order::Create(name.clone(), made);
        self.orders.send(order).expect("the server's thread lives as long as the process");
        done.await.expect("the server makes a copy of the migrated database");
        name
    }

    fn remove(&self, name: &str) {
        let order = Order::Remove(name.to_owned());
        self.orders.send(order).expect("the server's thread lives as long as the process");
    }
}

/// Runs the server until the process ends.
async fn serve(ready: &Sender<String>, mut inbox: mpsc::UnboundedReceiver<Order>) {
    let scratch = Scratch::start().await.expect("Postgres 15 or newer is installed");
    let mut admin = migrated(scratch.server()).await;
    let url = scratch.server().url(OWNER_ROLE, DATABASE);
    ready.send(url).expect("the first test waits for it");
    while let Some(order) = inbox.recv().await {
        match order {
            Order::Create(name, made) => {
                // Flat copies need two checkpoints, which cost a disposable server nothing.
                let sql = format!(
                    "create database {name} owner {OWNER_ROLE} template {DATABASE} strategy file_copy"
                );
                run(&mut admin, sql).await;
                // A test that was aborted does not wait any more.
                made.send(()).unwrap_or_default();
            }
            Order::Remove(name) => {
                run(&mut admin, format!("drop database {name} with (force)")).await;
            }
        }
    }
}

/// Migrates the template; answers a connection to another database, since a database that
/// somebody uses cannot be copied. Only the superuser may cut what a test left open.
async fn migrated(server: &PrivatePostgres) -> PgConnection {
    let options = Options {
        url: Phi::new(server.url(OWNER_ROLE, DATABASE)),
        connections: 1,
        statement_timeout: Duration::from_secs(30),
    };
    kyoyu_store::migrate(&options).await.expect("the migrations apply to an empty database");
    connect(&server.url(SUPERUSER_ROLE, "postgres")).await
}

/// The names in these statements are made above and need no quoting.
async fn run(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.expect("the superuser may do this");
}
