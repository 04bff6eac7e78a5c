//! 設定の検査 — refuses a server or a role that could lose or leak data.
//!
//! Source: guide on reliability, settings that the start-up check enforces.

use sqlx::PgPool;

use crate::error::{Error, Result};

/// What a setting must be.
const SETTINGS: &[(&str, &[&str])] = &[
    ("fsync", &["on"]),
    ("full_page_writes", &["on"]),
    ("synchronous_commit", &["on", "remote_apply"]),
    ("data_checksums", &["on"]),
    ("wal_level", &["replica", "logical"]),
    ("log_parameter_max_length", &["0"]),
    ("log_parameter_max_length_on_error", &["0"]),
    ("password_encryption", &["scram-sha-256"]),
];

const OLDEST_VERSION: i32 = 150_000;

pub(crate) async fn check(pool: &PgPool) -> Result<()> {
    let mut wrong = Vec::new();
    let version = sqlx::query_scalar!(
        r#"-- settings.version
        select current_setting('server_version_num')::integer as "version!""#
    )
    .fetch_one(pool)
    .await?;
    if version < OLDEST_VERSION {
        wrong
            .push(format!("the server is PostgreSQL {}, it must be 15 or newer", version / 10_000));
    }
    for (name, allowed) in SETTINGS {
        let value = sqlx::query_scalar!(
            r#"-- settings.value
            select coalesce(current_setting($1, true), '') as "value!""#,
            *name
        )
        .fetch_one(pool)
        .await?;
        if !allowed.contains(&value.as_str()) {
            wrong.push(format!("{name} is {value}, it must be {}", allowed.join(" or ")));
        }
    }
    wrong.extend(rights(pool).await?);
    if wrong.is_empty() { Ok(()) } else { Err(Error::UnsafeSettings(wrong)) }
}

/// What the role of the service must not be able to do.
async fn rights(pool: &PgPool) -> Result<Vec<String>> {
    let rights = sqlx::query!(
        r#"-- settings.rights
        select
            rolsuper as "superuser!",
            has_schema_privilege(current_user, 'public', 'CREATE') as "creates!",
            has_table_privilege(current_user, 'audit_event', 'DELETE, TRUNCATE, UPDATE')
                as "alters_audit!",
            has_table_privilege(current_user, 'tombstone', 'DELETE, TRUNCATE, UPDATE')
                as "alters_tombstones!",
            has_table_privilege(current_user, 'segment', 'TRUNCATE') as "truncates!"
        from pg_roles
        where rolname = current_user"#
    )
    .fetch_one(pool)
    .await?;
    let findings = [
        (rights.superuser, "the role is a superuser"),
        (rights.creates, "the role may create tables"),
        (rights.alters_audit, "the role may alter or delete audit records"),
        (rights.alters_tombstones, "the role may alter or delete tombstones"),
        (rights.truncates, "the role may truncate segments"),
    ];
    let found = findings.into_iter().filter(|(found, _)| *found);
    Ok(found.map(|(_, text)| format!("{text}; connect as kyoyu_app")).collect())
}
