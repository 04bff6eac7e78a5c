//! The supervisor against real servers. Root and ordinary users take the same tests.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use kyoyu_postgres::{
    APP_ROLE, DATABASE, Durability, Error, OWNER_ROLE, Options, PrivatePostgres, SUPERUSER_ROLE,
    Scratch,
};
use rustix::process::{Pid, Signal, geteuid, kill_process};

/// A directory that the server's user can pass, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("kyoyu-pg-{}-{name}", std::process::id()));
        fs::DirBuilder::new().mode(0o711).create(&path).expect("a new directory");
        Self(path)
    }

    fn options(&self) -> Options {
        Options::new(self.0.join("data"))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("nobody else removes it");
    }
}

/// What `psql` answers, or what it complains of.
fn psql(server: &PrivatePostgres, role: &str, sql: &str) -> Result<String, String> {
    let mut command = Command::new("psql");
    command.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]);
    let output = command.arg(server.url(role, DATABASE)).output().expect("psql is installed");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

fn kill(server: &PrivatePostgres) {
    let pid = Pid::from_raw(server.pid().cast_signed()).expect("a process has a pid");
    kill_process(pid, Signal::KILL).expect("it runs");
}

fn owner_of(path: &Path) -> u32 {
    fs::metadata(path).expect("it exists").uid()
}

#[tokio::test]
async fn a_server_is_safe_by_its_settings_and_data_survives_a_stop() {
    let place = Place::new("safe");
    let server = PrivatePostgres::start(place.options()).await.unwrap();
    for (setting, value) in [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("wal_level", "replica"),
        ("listen_addresses", ""),
        ("TimeZone", "UTC"),
        ("server_encoding", "UTF8"),
        ("password_encryption", "scram-sha-256"),
        ("log_min_error_statement", "panic"),
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "1min"),
    ] {
        let shown = psql(&server, OWNER_ROLE, &format!("show {setting}")).unwrap();
        assert_eq!(shown, value, "{setting}");
    }
    psql(&server, OWNER_ROLE, "create table kept (n int); insert into kept values (42)").unwrap();
    let (pid, data_dir) = (server.pid(), server.data_dir().to_owned());
    server.stop().await.unwrap();
    assert!(!data_dir.join("postmaster.pid").exists(), "an orderly stop leaves no lock file");

    let server = PrivatePostgres::start(place.options()).await.unwrap();
    assert_ne!(server.pid(), pid);
    assert_eq!(psql(&server, OWNER_ROLE, "select n from kept").unwrap(), "42");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_roles_may_what_they_should_and_nobody_else_gets_in() {
    let scratch = Scratch::start().await.unwrap();
    let server = scratch.server();
    let may = "select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls \
               from pg_roles where rolname = current_user";
    assert_eq!(psql(server, SUPERUSER_ROLE, may).unwrap(), "t|t|t|t|t");
    assert_eq!(psql(server, OWNER_ROLE, may).unwrap(), "f|t|f|f|f");
    assert_eq!(psql(server, APP_ROLE, may).unwrap(), "f|f|f|f|f");
    let owner = "select rolname from pg_database join pg_roles r on r.oid = datdba \
                 where datname = current_database()";
    assert_eq!(psql(server, APP_ROLE, owner).unwrap(), OWNER_ROLE);

    let stranger = psql(server, "pg_monitor", "select 1").unwrap_err();
    assert!(stranger.contains("authentication failed"), "{stranger}");
    let rules = "select count(*) from pg_hba_file_rules where auth_method <> 'peer'";
    assert_eq!(psql(server, SUPERUSER_ROLE, rules).unwrap(), "0");
    scratch.stop().await.unwrap();
}

#[tokio::test]
async fn the_files_are_private_to_an_unprivileged_user() {
    let place = Place::new("private");
    let server = PrivatePostgres::start(place.options()).await.unwrap();
    let process = PathBuf::from(format!("/proc/{}", server.pid()));
    if process.exists() {
        assert_ne!(owner_of(&process), 0, "Postgres never runs as root");
    }
    let data_dir = server.data_dir();
    assert_eq!(fs::metadata(data_dir).unwrap().mode() & 0o777, 0o700);
    assert_eq!(server.socket_dir(), data_dir);
    assert_eq!(fs::metadata(server.log_file()).unwrap().mode() & 0o777, 0o600);
    if !geteuid().is_root() {
        assert_eq!(owner_of(data_dir), geteuid().as_raw());
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_is_reaped_and_the_next_start_recovers_what_was_committed() {
    let place = Place::new("killed");
    let server = PrivatePostgres::start(place.options()).await.unwrap();
    psql(&server, OWNER_ROLE, "create table kept (n int); insert into kept values (42)").unwrap();
    kill(&server);
    let status = server.wait_exit().await.expect("it was our child");
    assert!(!status.success());
    assert!(server.data_dir().join("postmaster.pid").exists(), "the lock file is left behind");

    let next = PrivatePostgres::start(place.options()).await.unwrap();
    assert_eq!(psql(&next, OWNER_ROLE, "select n from kept").unwrap(), "42");
    // The handle of the dead server is still a user; whoever leaves last stops the other.
    let url = next.url(OWNER_ROLE, DATABASE);
    next.stop().await.unwrap();
    let attached = PrivatePostgres::attach_or_start(place.options()).await.unwrap();
    assert!(attached.is_attached());
    assert_eq!(attached.url(OWNER_ROLE, DATABASE), url);
    attached.stop().await.unwrap();
    let data_dir = server.data_dir().to_owned();
    drop(server);
    assert!(!data_dir.join("postmaster.pid").exists());
}

#[tokio::test]
async fn the_second_start_attaches_and_the_last_user_stops_the_server() {
    let place = Place::new("attach");
    let first = PrivatePostgres::attach_or_start(place.options()).await.unwrap();
    assert!(!first.is_attached());

    let refused = PrivatePostgres::start(place.options()).await.unwrap_err();
    assert!(matches!(refused, Error::AlreadyRunning { pid, .. } if pid == first.pid()));

    let second = PrivatePostgres::attach_or_start(place.options()).await.unwrap();
    assert!(second.is_attached());
    assert_eq!(second.pid(), first.pid());
    second.stop().await.unwrap();
    assert_eq!(psql(&first, APP_ROLE, "select 1").unwrap(), "1", "leaving stops nobody's server");

    let third = PrivatePostgres::attach_or_start(place.options()).await.unwrap();
    first.stop().await.unwrap();
    assert_eq!(psql(&third, APP_ROLE, "select 1").unwrap(), "1", "the starter may leave earlier");
    third.stop().await.unwrap();
    assert!(!place.options().data_dir.join("postmaster.pid").exists());
}

#[tokio::test]
async fn of_two_first_starts_at_once_one_makes_the_directory_and_the_other_attaches() {
    let place = Place::new("race");
    let start = || PrivatePostgres::attach_or_start(place.options());
    let (one, other) = tokio::join!(start(), start());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.pid(), other.pid());
    assert_ne!(one.is_attached(), other.is_attached());
    one.stop().await.unwrap();
    other.stop().await.unwrap();
}

#[tokio::test]
async fn a_first_start_that_was_killed_leaves_nothing_half_made() {
    let place = Place::new("half");
    let leftover = place.0.join("data.new.1");
    fs::create_dir(&leftover).unwrap();
    fs::write(leftover.join("PG_VERSION"), "15\n").unwrap();
    let mut options = place.options();
    options.durability = Durability::Disposable;
    let server = PrivatePostgres::start(options).await.unwrap();
    assert!(!leftover.exists());
    assert_eq!(psql(&server, OWNER_ROLE, "show fsync").unwrap(), "off");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_long_path_gets_a_short_private_socket_directory() {
    let place = Place::new("long");
    let long = place.0.join("d".repeat(100));
    fs::DirBuilder::new().mode(0o711).create(&long).unwrap();
    let mut options = Options::new(long.join("data"));
    options.durability = Durability::Disposable;
    let server = PrivatePostgres::start(options).await.unwrap();
    let socket_dir = server.socket_dir().to_owned();
    assert_ne!(socket_dir, server.data_dir());
    assert_eq!(fs::metadata(&socket_dir).unwrap().mode() & 0o777, 0o700);
    assert_eq!(psql(&server, APP_ROLE, "select 1").unwrap(), "1");
    server.stop().await.unwrap();
    fs::remove_dir(&socket_dir).unwrap();
}

#[tokio::test]
async fn a_setting_that_the_server_refuses_is_told_with_the_end_of_its_log() {
    let place = Place::new("refused");
    let mut options = place.options();
    options.durability = Durability::Disposable;
    options.settings = vec![("max_connections".to_owned(), "many".to_owned())];
    let error = PrivatePostgres::start(options).await.unwrap_err();
    assert!(error.to_string().contains("invalid value for parameter"), "{error}");
}

#[tokio::test]
async fn somebody_elses_directory_is_left_alone() {
    let place = Place::new("foreign");
    let options = place.options();
    fs::create_dir(&options.data_dir).unwrap();
    fs::write(options.data_dir.join("letter.txt"), "mine").unwrap();
    let error = PrivatePostgres::start(options.clone()).await.unwrap_err();
    assert!(matches!(error, Error::NotADataDirectory(_)), "{error}");
    assert_eq!(fs::read_to_string(options.data_dir.join("letter.txt")).unwrap(), "mine");
}

#[tokio::test]
async fn missing_binaries_name_the_package() {
    let place = Place::new("missing");
    let mut options = place.options();
    options.binaries = Some(place.0.clone());
    let error = PrivatePostgres::start(options).await.unwrap_err();
    assert!(matches!(error, Error::MissingBinaries { .. }));
    assert!(error.to_string().contains("apt-get install postgresql"), "{error}");
}

#[tokio::test]
async fn a_directory_that_shuts_the_servers_user_out_is_named() {
    if !geteuid().is_root() {
        return; // Nobody else becomes another user.
    }
    let place = Place::new("shut");
    let shut = place.0.join("shut");
    fs::create_dir(&shut).unwrap();
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o700)).unwrap();
    let error = PrivatePostgres::start(Options::new(shut.join("data"))).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable { blocking, .. } if *blocking == shut), "{error}");
}

#[tokio::test]
async fn a_dropped_scratch_server_leaves_no_process_and_no_file() {
    let scratch = Scratch::start().await.unwrap();
    let data_dir = scratch.server().data_dir().to_owned();
    let process = PathBuf::from(format!("/proc/{}", scratch.server().pid()));
    drop(scratch);
    assert!(!process.exists());
    assert!(!data_dir.parent().unwrap().exists());
}

#[tokio::test]
async fn a_scratch_server_ends_with_the_process_that_started_it() {
    if !Path::new("/usr/bin/setpriv").exists() {
        return; // There the next scratch server clears up.
    }
    let tests = std::env::current_exe().unwrap();
    let scratch = tests.parent().unwrap().parent().unwrap().join("examples/scratch");
    let mut command = Command::new(scratch);
    // The command below ends with its input, so that it does not outlive this test.
    command.args(["--", "sh", "-c", "echo \"$DATABASE_URL\"; exec cat"]);
    let mut holder = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut url).unwrap();
    holder.kill().unwrap();
    holder.wait().unwrap();

    let began_at = Instant::now();
    let socket_dir = url.split(['=', '&']).nth(1).unwrap().replace("%2F", "/");
    while Path::new(&socket_dir).join("postmaster.pid").exists() {
        assert!(began_at.elapsed() < Duration::from_secs(20), "the server is still there");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // The directory itself falls to the next scratch server of anybody.
    Scratch::start().await.unwrap().stop().await.unwrap();
    assert!(!Path::new(&socket_dir).exists());
}
