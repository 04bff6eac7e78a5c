//! 家の決まり — what ARCHITECTURE.md says of the crates, held against their manifests and
//! sources.
//!
//! Every check is a function from texts to findings, so that each can also be seen to fail.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Which of our crates a crate may depend on; the test package may on all.
const ARROWS: &[(&str, &[&str])] = &[
    ("kyoyu-domain", &[]),
    ("kyoyu-profile", &["kyoyu-domain"]),
    ("kyoyu-store", &["kyoyu-domain"]),
    ("kyoyu-fhir", &["kyoyu-domain"]),
    ("kyoyu-signature", &["kyoyu-domain"]),
    ("kyoyu-service", &["kyoyu-domain", "kyoyu-profile", "kyoyu-signature", "kyoyu-store"]),
    ("kyoyu-gateway", &["kyoyu-domain", "kyoyu-fhir", "kyoyu-service"]),
    ("kyoyu-peers", &["kyoyu-domain", "kyoyu-service"]),
    ("kyoyu-postgres", &[]),
    ("kyoyu-synth", &["kyoyu-domain"]),
    ("kyoyu-devkit", &["kyoyu-domain", "kyoyu-synth"]),
    (
        "kyoyu",
        &[
            "kyoyu-devkit",
            "kyoyu-domain",
            "kyoyu-fhir",
            "kyoyu-gateway",
            "kyoyu-peers",
            "kyoyu-postgres",
            "kyoyu-profile",
            "kyoyu-service",
            "kyoyu-signature",
            "kyoyu-store",
            "kyoyu-synth",
        ],
    ),
];

/// What the tests of a crate may use besides.
const ARROWS_OF_TESTS: &[(&str, &[&str])] =
    &[("kyoyu-synth", &["kyoyu-profile"]), ("kyoyu-signature", &["kyoyu-devkit"])];

const TESTS: &str = "kyoyu-tests";

const HTTP: &[&str] = &["axum", "hyper", "hyper-util", "http-body-util", "tower", "tower-http"];

/// What a crate must not depend on, tests included: the last column of the table.
const KEPT_OUT: &[(&str, &[&str])] = &[
    ("kyoyu-domain", &["tokio", "serde_json"]),
    ("kyoyu-domain", HTTP),
    ("kyoyu-profile", &["tokio"]),
    ("kyoyu-profile", HTTP),
    ("kyoyu-signature", &["tokio"]),
    ("kyoyu-signature", HTTP),
    ("kyoyu-fhir", &["tokio"]),
    ("kyoyu-fhir", HTTP),
    ("kyoyu-store", HTTP),
    ("kyoyu-service", HTTP),
    ("kyoyu-peers", &["axum", "tower", "tower-http"]),
    ("kyoyu-postgres", &["tokio-postgres", "postgres"]),
    ("kyoyu-synth", &["tokio"]),
    ("kyoyu-synth", HTTP),
];

/// What has one place: a package and the only crates that may name it.
const ONE_PLACE: &[(&str, &[&str])] =
    &[("fhir-sdk", &["kyoyu-fhir"]), ("sqlx", &["kyoyu-store", TESTS])];

/// One TLS library, no XML, no HTTP client of somebody else's.
const NEVER: &[&str] = &["openssl", "openssl-sys", "native-tls", "reqwest"];

/// The files of the program that may use what is for developers.
const MAY_USE_DEVKIT: &[&str] =
    &["commands/demo", "commands/submit.rs", "commands/bench", "bench.rs", "bench/"];

const LONGEST_SOURCE: usize = 600;
const LONGEST_TEST: usize = 900;

#[test]
fn crates_depend_on_each_other_only_along_the_arrows() {
    assert_none(manifests().iter().flat_map(against_the_arrows));
}

#[test]
fn crates_do_not_depend_on_what_they_must_not_contain() {
    assert_none(manifests().iter().flat_map(against_the_column));
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let lax = manifests().into_iter().filter(|manifest| {
        manifest.text["lints"].get("workspace").and_then(toml::Value::as_bool) != Some(true)
    });
    assert_none(lax.map(|manifest| manifest.name));
}

#[test]
fn no_package_below_us_is_a_second_tls_library_an_http_client_or_an_xml_parser() {
    assert_none(unwanted_packages(&read(&root().join("Cargo.lock"))));
}

#[test]
fn json_numbers_are_not_read_with_arbitrary_precision() {
    // The feature changes how every crate of the build reads numbers, whoever turns it on.
    let tree = cargo(&["tree", "--workspace", "-e", "features", "-i", "serde_json"]);
    assert!(tree.contains("serde_json feature"), "{tree}");
    assert!(!tree.contains("arbitrary_precision"), "{tree}");
}

#[test]
fn what_is_for_developers_is_out_of_reach_of_serve_and_work() {
    let sources = root().join("crates/kyoyu/src");
    let files = files_below(&sources).into_iter().filter(|file| is_rust(file));
    let users = files.filter(|file| read(file).contains("kyoyu_devkit"));
    let names = users.map(|file| relative(&file, &sources));
    assert_none(names.filter(|name| !MAY_USE_DEVKIT.iter().any(|may| name.starts_with(may))));
    for file in ["commands/serve.rs", "commands/work.rs", "server.rs"] {
        assert!(sources.join(file).exists(), "{file} has moved: look for it here too");
    }
}

#[test]
fn sql_stands_in_the_store_only() {
    let elsewhere = rust_files().into_iter().filter(|file| {
        let name = relative(file, &root());
        !name.starts_with("crates/store/") && !name.starts_with("tests/")
    });
    assert_none(elsewhere.filter(|file| speaks_sql(&read(file))).map(|file| told(&file)));
}

#[test]
fn nothing_names_the_machines_that_it_was_written_on() {
    let texts = files_below(&root()).into_iter().filter_map(|file| {
        let text = fs::read_to_string(&file).ok()?;
        Some((told(&file), text))
    });
    assert_none(texts.flat_map(|(name, text)| workplaces(&name, &text)));
}

#[test]
fn migrations_are_numbered_without_gaps() {
    let mut names: Vec<String> = files_below(&root().join("migrations"))
        .iter()
        .map(|file| relative(file, &root().join("migrations")))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    assert_none(misnumbered(&names));
}

#[test]
fn files_are_short() {
    let lengths = rust_files().into_iter().map(|file| {
        let lines = read(&file).lines().count();
        (lines, told(&file))
    });
    let mut lengths: Vec<_> = lengths.collect();
    lengths.sort();
    assert_none(lengths.into_iter().filter(|(lines, name)| *lines > longest(name)));
}

#[test]
fn no_test_is_ignored() {
    let mark = ["#[", "ignore"].concat();
    let ignored = rust_files().into_iter().filter(|file| read(file).contains(&mark));
    assert_none(ignored.map(|file| told(&file)));
}

// --- Each check, seen to fail ----------------------------------------------------------------

#[test]
fn an_arrow_from_the_gateway_to_the_store_is_found() {
    for section in ["dependencies", "dev-dependencies", "target.'cfg(unix)'.dependencies"] {
        let planted = planted("kyoyu-gateway", section, "kyoyu-store.workspace = true");
        assert_eq!(against_the_arrows(&planted), ["kyoyu-gateway depends on kyoyu-store"]);
    }
    let renamed = "pool = { package = \"kyoyu-store\", path = \"../store\" }";
    assert!(!against_the_arrows(&planted("kyoyu-fhir", "dependencies", renamed)).is_empty());
    let line = "kyoyu-profile.workspace = true";
    assert!(against_the_arrows(&planted("kyoyu-synth", "dev-dependencies", line)).is_empty());
    assert!(!against_the_arrows(&planted("kyoyu-synth", "dependencies", line)).is_empty());
    let new = planted("kyoyu-new", "dependencies", "");
    assert_eq!(against_the_arrows(&new), ["kyoyu-new has no arrows"]);
}

#[test]
fn what_a_crate_must_not_contain_is_found() {
    let check = |crate_name, line| against_the_column(&planted(crate_name, "dependencies", line));
    assert_eq!(check("kyoyu-domain", "tokio = \"1\""), ["kyoyu-domain depends on tokio"]);
    assert_eq!(check("kyoyu-service", "axum = \"1\""), ["kyoyu-service depends on axum"]);
    assert_eq!(check("kyoyu-gateway", "sqlx = \"1\""), ["kyoyu-gateway depends on sqlx"]);
    assert_eq!(check("kyoyu-profile", "fhir-sdk = \"1\""), ["kyoyu-profile depends on fhir-sdk"]);
    assert!(check("kyoyu-store", "sqlx = \"1\"").is_empty());
}

#[test]
fn unwanted_packages_workplaces_gaps_and_sql_are_found() {
    let lock = "[[package]]\nname = \"quick-xml\"\n[[package]]\nname = \"openssl\"\n";
    assert_eq!(unwanted_packages(lock), ["quick-xml", "openssl"]);
    assert_eq!(workplaces("a", &["see /wo", "rk/main"].concat()).len(), 1);
    let names = ["0001_a.sql", "0003_b.sql"].map(str::to_owned);
    assert_eq!(misnumbered(&names), ["0003_b.sql should be number 2"]);
    assert!(speaks_sql("sqlx::query(\"select 1\")"));
    assert!(speaks_sql("query_scalar!(\"select 1\")"));
    assert!(!speaks_sql("let query = parse(text);"));
}

// --- The checks ------------------------------------------------------------------------------

struct Manifest {
    name: String,
    text: toml::Table,
}

impl Manifest {
    fn parse(text: &str) -> Self {
        let text: toml::Table = text.parse().expect("a manifest is TOML");
        let name = text["package"]["name"].as_str().expect("a package has a name").to_owned();
        Self { name, text }
    }

    /// What it depends on, for building, for tests, and on single systems.
    fn dependencies(&self) -> Vec<String> {
        let targets = self.text.get("target").and_then(toml::Value::as_table);
        let targets =
            targets.into_iter().flat_map(|all| all.values()).filter_map(|it| it.as_table());
        std::iter::once(&self.text).chain(targets).flat_map(dependencies_of).collect()
    }
}

fn dependencies_of(table: &toml::Table) -> Vec<String> {
    in_sections(table, &["dependencies", "dev-dependencies", "build-dependencies"])
}

fn in_sections(table: &toml::Table, sections: &[&str]) -> Vec<String> {
    let sections = sections.iter().filter_map(|name| table.get(*name)?.as_table());
    let named = |(key, value): (&String, &toml::Value)| {
        let package = value.get("package").and_then(toml::Value::as_str);
        package.unwrap_or(key).to_owned()
    };
    sections.flat_map(|section| section.iter().map(named)).collect()
}

fn against_the_arrows(manifest: &Manifest) -> Vec<String> {
    let name = &manifest.name;
    if name == TESTS {
        return Vec::new();
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(crate_name, _)| crate_name == name) else {
        return vec![format!("{name} has no arrows")];
    };
    let of_tests = ARROWS_OF_TESTS.iter().find(|(crate_name, _)| crate_name == name);
    let of_tests = of_tests.map_or(&[][..], |(_, packages)| packages);
    let built = in_sections(&manifest.text, &["dependencies", "build-dependencies"]);
    let ours = manifest.dependencies().into_iter().filter(|other| other.starts_with("kyoyu"));
    let for_tests = |other: &String| of_tests.contains(&other.as_str()) && !built.contains(other);
    let wrong = ours.filter(|other| !allowed.contains(&other.as_str()) && !for_tests(other));
    wrong.map(|other| format!("{name} depends on {other}")).collect()
}

fn against_the_column(manifest: &Manifest) -> Vec<String> {
    let name = manifest.name.as_str();
    let kept_out = KEPT_OUT.iter().filter(|(crate_name, _)| *crate_name == name);
    let mut kept_out: Vec<&str> = kept_out.flat_map(|(_, packages)| *packages).copied().collect();
    let elsewhere = ONE_PLACE.iter().filter(|(_, places)| !places.contains(&name));
    kept_out.extend(elsewhere.map(|(package, _)| *package));
    let wrong = manifest.dependencies().into_iter();
    let wrong = wrong.filter(|other| kept_out.contains(&other.as_str()));
    wrong.map(|other| format!("{name} depends on {other}")).collect()
}

fn unwanted_packages(lock: &str) -> Vec<String> {
    let lock: toml::Table = lock.parse().expect("Cargo.lock is TOML");
    let packages = lock["package"].as_array().expect("packages are a list").iter();
    let names = packages.filter_map(|package| package["name"].as_str());
    names.filter(|name| NEVER.contains(name) || name.contains("xml")).map(str::to_owned).collect()
}

fn speaks_sql(text: &str) -> bool {
    ["sqlx::", "query!(", "query_as!(", "query_scalar!("].iter().any(|mark| text.contains(mark))
}

/// The marks are taken apart here, since this file is looked at too.
fn workplaces(name: &str, text: &str) -> Vec<String> {
    let marks = [["/wo", "rk/"], ["/ro", "ot/"], ["../sh", "ared"], [".inter", "nal/"]];
    let mut marks = Vec::from(marks.map(|parts| parts.concat()));
    // Some tests look at published material beside the checkout, and do without it.
    let of_a_test = is_test(name);
    marks.retain(|mark| !(of_a_test && mark.starts_with("..")));
    let found = |line: &str| marks.iter().any(|mark| line.contains(mark));
    let lines = text.lines().enumerate().filter(|(_, line)| found(line));
    lines.map(|(number, line)| format!("{name}:{}: {line}", number + 1)).collect()
}

fn misnumbered(names: &[String]) -> Vec<String> {
    let wrong = names.iter().zip(1..).filter(|(name, number): &(&String, u32)| {
        !name.starts_with(&format!("{number:04}_"))
            || Path::new(name).extension() != Some("sql".as_ref())
    });
    wrong.map(|(name, number)| format!("{name} should be number {number}")).collect()
}

fn is_test(name: &str) -> bool {
    name.starts_with("tests/") || name.contains("/tests/") || name.ends_with("/tests.rs")
}

fn longest(name: &str) -> usize {
    if is_test(name) { LONGEST_TEST } else { LONGEST_SOURCE }
}

// --- The tree --------------------------------------------------------------------------------

fn planted(name: &str, section: &str, line: &str) -> Manifest {
    Manifest::parse(&format!("[package]\nname = \"{name}\"\n[{section}]\n{line}\n"))
}

fn manifests() -> Vec<Manifest> {
    let crates = fs::read_dir(root().join("crates")).expect("the crates are there");
    let crates = crates.map(|entry| entry.expect("a readable directory").path());
    let mut files: Vec<PathBuf> = crates.map(|crate_dir| crate_dir.join("Cargo.toml")).collect();
    files.push(root().join("tests/Cargo.toml"));
    let found: Vec<_> = files.iter().map(|file| Manifest::parse(&read(file))).collect();
    assert_eq!(found.len(), ARROWS.len() + 1, "every crate has its row in ARROWS");
    found
}

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the test package is in the workspace").to_owned()
}

fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root()).args(arguments).args(["--offline", "--locked"]);
    let output = command.output().expect("cargo runs, since it runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn rust_files() -> Vec<PathBuf> {
    let mut files = files_below(&root().join("crates"));
    files.extend(files_below(&root().join("tests")));
    files.retain(|file| is_rust(file));
    files
}

fn is_rust(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "rs")
}

/// Every file but what is built and what git keeps for itself.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a readable directory") {
        let entry = entry.expect("a readable directory");
        let kind = entry.file_type().expect("a file has a type");
        let skipped = [".git", "target"].iter().any(|name| entry.file_name() == *name);
        if kind.is_dir() && !skipped {
            found.extend(files_below(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn relative(file: &Path, base: &Path) -> String {
    file.strip_prefix(base).expect("it is below").to_string_lossy().into_owned()
}

fn told(file: &Path) -> String {
    relative(file, &root())
}

fn assert_none<T: std::fmt::Debug>(findings: impl IntoIterator<Item = T>) {
    let findings: Vec<T> = findings.into_iter().collect();
    assert!(findings.is_empty(), "{findings:#?}");
}
