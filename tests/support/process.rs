//! プロセス — the built program as an operator runs it: real processes with a configuration,
//! certificates and a private Postgres of their own.

use std::{
    fs::{self, DirBuilder, File},
    net::SocketAddr,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use kyoyu_devkit::{Client, ClientOptions, Pki};
use kyoyu_postgres::DATABASE;
use kyoyu_synth::{World, announcement};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use sqlx::{Connection, PgConnection};

/// How often a state is looked at while it is awaited.
pub const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What every wait gets at most: a start may come after the repair of a killed server, on
/// a machine that does other things too.
pub const LIMIT: Duration = Duration::from_mins(1);

/// The program. `cargo test` does not build it, so one that is older than this test is
/// built here, with the features of the whole workspace, for which the rest is compiled.
///
/// # Panics
/// When it cannot be built.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().expect("a running test knows its file");
        let directory = test.ancestors().nth(2).expect("tests lie in <profile>/deps");
        let program = directory.join("kyoyu");
        if is_older(&program, &test) {
            let built = Command::new(env!("CARGO"))
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .args(["build", "--locked", "--workspace", "--bin", "kyoyu"])
                .status();
            assert!(built.is_ok_and(|status| status.success()), "kyoyu does not build");
        }
        program
    })
}

/// Whether a file is missing or was written before another.
fn is_older(file: &Path, other: &Path) -> bool {
    let written = |file: &Path| fs::metadata(file)?.modified();
    written(file).ok() < written(other).ok()
}

/// The program with arguments, and without what the caller's surroundings would configure.
pub fn kyoyu(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).stdin(Stdio::null());
    for name in ["DATABASE_URL", "OWNER_DATABASE_URL", "XDG_DATA_HOME"] {
        command.env_remove(name);
    }
    command
}

/// What a command that ran said, on both of its outputs.
pub fn said(output: &Output) -> String {
    let parts = [&output.stdout, &output.stderr];
    parts.map(|part| String::from_utf8_lossy(part).into_owned()).concat()
}

/// 置き場 — a directory that the server's user can reach and that goes away with the test.
#[derive(Debug)]
pub struct Directory(PathBuf);

impl Directory {
    /// A new one.
    ///
    /// # Panics
    /// When there is no place for temporary files.
    #[expect(clippy::new_without_default, reason = "it makes something")]
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("kyoyu-it-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // Root's Postgres runs as somebody else, who must pass.
        DirBuilder::new().mode(0o711).create(&path).expect("a temporary directory can be made");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What is left lies among the temporary files; a failing test has more to say.
        fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

/// 設置 — one installation: configuration, certificates, data.
#[derive(Debug)]
pub struct Installation {
    directory: Directory,
    pki: Pki,
    started: AtomicU32,
}

impl Installation {
    /// A new installation; `settings` are lines of its configuration, sections included.
    ///
    /// # Panics
    /// When files cannot be written.
    pub fn new(settings: &str) -> Self {
        let directory = Directory::new();
        let pki = Pki::open(&directory.path().join("pki")).expect("certificates can be made");
        let base = directory.path().display();
        let text = format!(
            "listener.address = \"127.0.0.1:0\"\n\
             listener.certificate_file = \"{base}/pki/server.pem\"\n\
             listener.key_file = \"{base}/pki/server.key\"\n\
             listener.client_roots_file = \"{base}/pki/root.pem\"\n\
             health.address = \"127.0.0.1:0\"\n\
             database.data_dir = \"{base}/data\"\n\
             {settings}\n"
        );
        fs::write(directory.path().join("kyoyu.toml"), text).expect("a file can be written");
        Self { directory, pki, started: AtomicU32::new(0) }
    }

    /// Changes the configuration, for what starts from now on.
    ///
    /// # Panics
    /// When the file cannot be read or written.
    pub fn configure(&self, change: impl FnOnce(String) -> String) {
        let file = self.directory.path().join("kyoyu.toml");
        let text = fs::read_to_string(&file).expect("the file is there");
        fs::write(&file, change(text)).expect("a file can be written");
    }

    /// The certificates.
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// A file of the installation, as a command line names it.
    pub fn file(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// The program with this installation's configuration.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = kyoyu(&["--config", &self.file("kyoyu.toml")]);
        command.args(arguments);
        command
    }

    /// Runs a command to its end, which must be a good one.
    ///
    /// # Panics
    /// When it is not.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("the program runs");
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        said(&output)
    }

    /// Starts a command that stays.
    ///
    /// # Panics
    /// When the program does not start.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let log = self.directory.path().join(format!("{}-{number}.log", arguments[0]));
        let errors = File::create(&log).expect("a file can be written");
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(errors);
        Running { child: command.spawn().expect("the program starts"), log }
    }

    /// Registers a participant with the certificate of its name.
    ///
    /// # Panics
    /// When the command fails.
    pub fn register(&self, name: &str, role: &str, institutions: &[String]) {
        self.pki.client(name).expect("a certificate can be made");
        let certificate = self.file(&format!("pki/{name}.pem"));
        let mut arguments =
            vec!["participant", "add", name, "--role", role, "--certificate", &certificate];
        for institution in institutions {
            arguments.extend(["--institution", institution]);
        }
        self.run(&arguments);
    }

    /// Registers who sends for the institutions of a world, and who announces its persons.
    ///
    /// # Panics
    /// When a command fails.
    pub fn register_cast(&self, world: &World) {
        let institutions = (0..world.size().institutions).map(|index| world.institution(index));
        let numbers: Vec<String> =
            institutions.map(|institution| institution.number.to_string()).collect();
        self.register("ehr", "institution", &numbers);
        self.register("network", "eligibility-network", &[]);
    }

    /// Announces every person of a world.
    ///
    /// # Panics
    /// When one is refused.
    pub async fn announce(&self, world: &World, address: SocketAddr) {
        let network = self.client("network", address, 1);
        for index in 0..world.size().persons {
            let body = announcement(&world.person(index));
            let reply = network.post_json("/fhir/Patient/$announce", None, body).await;
            let reply = reply.expect("the gateway answers");
            let told = String::from_utf8_lossy(&reply.body);
            assert!(reply.status.is_success(), "{}: {told}", reply.status);
        }
    }

    /// A participant's client that sends everything once.
    ///
    /// # Panics
    /// When the certificate cannot be used.
    pub fn client(&self, name: &str, address: SocketAddr, connections: usize) -> Client {
        let identity = self.pki.client(name).expect("a certificate can be made");
        let options = ClientOptions { connections, ..ClientOptions::once() };
        Client::with(address, self.pki.root_pem(), Some(&identity), options)
            .expect("the certificates are good")
    }

    /// Where the private Postgres writes.
    pub fn database_log(&self) -> String {
        fs::read_to_string(self.directory.path().join("data/main.log")).unwrap_or_default()
    }

    /// The postmaster that the lock file names, if it lives.
    pub fn postmaster(&self) -> Option<u32> {
        let pid = self.lock_file()?.lines().next()?.trim().parse().ok()?;
        is_alive(pid).then_some(pid)
    }

    /// Waits for the postmaster.
    ///
    /// # Panics
    /// When there is none in time.
    pub async fn awaited_postmaster(&self) -> u32 {
        until("a postmaster", || self.postmaster()).await
    }

    /// A connection as the role that owns the tables.
    ///
    /// # Errors
    /// When the database does not answer now.
    pub async fn as_owner(&self) -> Result<PgConnection, sqlx::Error> {
        let lock_file = self.lock_file().unwrap_or_default();
        let socket_dir = lock_file.lines().nth(4).unwrap_or_default().replace('/', "%2F");
        let role = kyoyu_postgres::OWNER_ROLE;
        let url = format!("postgres:///{DATABASE}?host={socket_dir}&port=5432&user={role}");
        PgConnection::connect(&url).await
    }

    fn lock_file(&self) -> Option<String> {
        fs::read_to_string(self.directory.path().join("data/main/postmaster.pid")).ok()
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        // A test that failed, or that killed the program, has left its server behind.
        let Some(pid) = self.postmaster() else { return };
        signal(pid, Signal::QUIT);
        let began_at = Instant::now();
        while is_alive(pid) && began_at.elapsed() < Duration::from_secs(10) {
            thread::sleep(LOOK_EVERY);
        }
    }
}

/// 走行中 — a process of the program; dropping it kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Waits until `serve` takes connections; where.
    ///
    /// # Panics
    /// When it ends instead, or takes too long.
    pub async fn ready(&mut self) -> SocketAddr {
        until("a gateway", || {
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                panic!("the program ended with {status}: {}", self.log());
            }
            self.log().lines().find_map(address_of)
        })
        .await
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`
    ///
    /// # Panics
    /// When it is not our child.
    pub fn kill(mut self) {
        self.child.kill().expect("our own child can be killed");
        self.child.wait().expect("our own child can be awaited");
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        signal(self.pid(), Signal::TERM);
    }

    /// Tells it to read its certificates again.
    pub fn hang_up(&self) {
        signal(self.pid(), Signal::HUP);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it takes too long.
    pub async fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        until("the end", || child.try_wait().expect("a child can be asked")).await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        self.child.kill().unwrap_or_default();
        drop(self.child.wait());
    }
}

/// The address in the line that says that the gateway is ready.
fn address_of(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    (line["message"] == "ready").then(|| line["address"].as_str()?.parse().ok())?
}

/// Looks again and again until there is an answer.
///
/// # Panics
/// When there is none within [`LIMIT`].
pub async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began_at = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began_at.elapsed() < LIMIT, "waited for {what} for {LIMIT:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Sends a signal; a process that is gone gets none.
pub fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid.cast_signed()) {
        kill_process(pid, signal).unwrap_or_default();
    }
}

/// Whether a process runs; one that has ended and that nobody has asked about does not.
pub fn is_alive(pid: u32) -> bool {
    let answers =
        Pid::from_raw(pid.cast_signed()).is_some_and(|pid| test_kill_process(pid).is_ok());
    answers && stat(pid).is_none_or(|stat| stat.state != 'Z')
}

/// The processes below a process, with their titles.
pub fn children(parent: u32) -> Vec<(u32, String)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let own = pids.filter(|pid| stat(*pid).is_some_and(|stat| stat.parent == parent));
    own.map(|pid| {
        let title = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        (pid, String::from_utf8_lossy(&title).replace('\0', " "))
    })
    .collect()
}

struct Stat {
    state: char,
    parent: u32,
}

/// What the system tells of a process, where it does: after the name in parentheses come
/// its state and its parent.
fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut words = text.rsplit_once(')')?.1.split_whitespace();
    Some(Stat { state: words.next()?.chars().next()?, parent: words.next()?.parse().ok()? })
}
