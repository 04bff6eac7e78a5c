//! 設定 — what `serve` is told, and what it refuses to run with.

use std::{fs, path::Path};

use kyoyu_postgres::{APP_ROLE, DATABASE, Durability, OWNER_ROLE, Scratch};
use kyoyu_tests::process::{Installation, kyoyu, said};

#[test]
fn every_file_in_config_is_read_without_a_complaint_about_its_keys() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let files = fs::read_dir(directory).expect("the directory is there");
    let files: Vec<_> = files.map(|file| file.expect("a readable directory").path()).collect();
    assert!(!files.is_empty());
    for file in files {
        let file = file.display().to_string();
        let output = kyoyu(&["--config", &file, "check-config"]).output().expect("it runs");
        // The files that certificates are in are not there; everything before them is good.
        let told = said(&output);
        let good = output.status.success()
            || told.contains("is not set")
            || told.contains("cannot be read");
        assert!(good && !told.contains("wrong key or value"), "{file}: {told}");
    }
}

#[test]
fn a_complete_configuration_is_good() {
    let installation = Installation::new("");
    assert!(installation.run(&["check-config"]).contains("good"));
}

#[test]
fn an_unknown_key_is_refused_and_named() {
    for (settings, key) in
        [("retention.undo_dayz = 3", "undo_dayz"), ("[retentoin]\nundo_days = 3", "retentoin")]
    {
        let installation = Installation::new(settings);
        let output = installation.command(&["check-config"]).output().expect("it runs");
        assert!(!output.status.success());
        assert!(said(&output).contains(key), "{key}: {}", said(&output));
    }
}

#[test]
fn a_missing_certificate_is_named_with_its_key() {
    let installation = Installation::new("");
    fs::remove_file(installation.file("pki/server.pem")).expect("it was there");
    let output = installation.command(&["check-config"]).output().expect("it runs");
    assert!(!output.status.success());
    assert!(said(&output).contains("listener.certificate_file"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_could_lose_data_refuses_the_start_and_is_named() {
    let unsafe_settings =
        [("fsync", "off"), ("full_page_writes", "off"), ("log_parameter_max_length", "-1")];
    let told = refusal(&unsafe_settings).await;
    for (name, value) in unsafe_settings {
        assert!(told.contains(&format!("{name} is {value}")), "{name}: {told}");
    }
}

/// What `serve` says on a server with these settings, where it must not start.
async fn refusal(settings: &[(&str, &str)]) -> String {
    let scratch = Scratch::start_with(|options| {
        options.durability = Durability::Durable;
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        options.settings = settings.iter().map(owned).collect();
    })
    .await
    .expect("Postgres 15 or newer is installed");
    let installation = Installation::new("");
    let on = |command: &str, role: &str| {
        let mut command = installation.command(&[command]);
        command.env("DATABASE_URL", scratch.server().url(role, DATABASE));
        command.env("OWNER_DATABASE_URL", scratch.server().url(OWNER_ROLE, DATABASE));
        command.output().expect("the program runs")
    };
    let migrated = on("migrate", APP_ROLE);
    assert!(migrated.status.success(), "{}", said(&migrated));
    let served = on("serve", APP_ROLE);
    assert!(!served.status.success(), "{}", said(&served));
    let told = said(&served);
    scratch.stop().await.expect("the server stops");
    told
}
