//! What the role of the service cannot do, and which servers the service refuses.

use std::sync::Arc;

use kyoyu_store::{Error, Store};
use kyoyu_tests::{lifecycle::body::Invented, seed::SeededRandomness};
use sqlx::AssertSqlSafe;

use super::{Ward, condition};

#[tokio::test]
async fn the_service_role_cannot_take_back_what_was_recorded() {
    let ward = Ward::open().await;
    ward.admit(Invented(1)).await;
    ward.register(Invented(1), 1, &[condition(1)]).await.expect("it is valid");
    let mut app = ward.database.as_app().await;
    for forbidden in [
        "delete from audit_event",
        "update audit_event set outcome = 'done'",
        "truncate audit_event",
        "delete from audit_event_202604",
        "truncate audit_event_202604",
        "drop table audit_event_202604",
        "delete from tombstone",
        "update tombstone set counts = ''",
        "truncate tombstone",
        "delete from bundle_identifier",
        "delete from consent",
        "delete from legal_hold",
        "delete from person",
        "delete from purge_run",
        "delete from purge_plan",
        "update import_outcome set state = 'known'",
        "truncate import_line",
        "truncate segment",
        "truncate segment_condition",
        "truncate submission",
        "drop table segment_condition",
        "alter table segment disable trigger all",
        "create table mine (one integer)",
        "create role another",
        "set role kyoyu_owner",
        "copy segment to program 'true'",
    ] {
        let done = sqlx::raw_sql(AssertSqlSafe(forbidden)).execute(&mut app).await;
        let error = done.expect_err(forbidden);
        let code = error.as_database_error().and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_flush_is_refused_and_the_setting_is_named() {
    let ward = Ward::open().await;
    let clock = Arc::new(ward.database.clock().clone());
    let randomness = Arc::new(SeededRandomness::new(1));
    let refused = Store::connect(&ward.database.options(), clock, randomness).await;
    let Err(Error::UnsafeSettings(lines)) = refused else { panic!("{refused:?}") };
    let named = |setting: &str| lines.iter().any(|line| line.starts_with(setting));
    assert!(named("fsync is off"), "{lines:?}");
    assert!(named("full_page_writes is off"), "{lines:?}");
    assert_eq!(lines.len(), 2, "everything else is as it must be: {lines:?}");
}

#[tokio::test]
async fn a_role_that_owns_the_tables_is_refused() {
    let ward = Ward::open().await;
    let mut options = ward.database.options();
    let url = options.url.expose().replace("user=kyoyu_app", "user=kyoyu_owner");
    options.url = kyoyu_domain::phi::Phi::new(url);
    let clock = Arc::new(ward.database.clock().clone());
    let refused = Store::connect(&options, clock, Arc::new(SeededRandomness::new(1))).await;
    let Err(Error::UnsafeSettings(lines)) = refused else { panic!("{refused:?}") };
    for power in ["create tables", "audit records", "tombstones", "truncate segments"] {
        assert!(lines.iter().any(|line| line.contains(power)), "{power}: {lines:?}");
    }
}
