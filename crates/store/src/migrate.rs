//! 移行 — brings the schema up to date and keeps the partitions equal to the catalogue.

use kyoyu_domain::catalogue::CATALOGUE;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{
    Options,
    error::{Error, Result},
};

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// Applies what is missing of `migrations/`, then makes a partition for every catalogue
/// row. Needs the role that owns the schema; safe to run twice and in two places.
///
/// # Errors
/// [`Error::Migration`] when an applied migration was changed or a statement fails.
pub async fn migrate(options: &Options) -> Result<()> {
    let mut connection = PgConnection::connect(options.url.expose()).await?;
    sqlx::query("set lock_timeout = '2s'").execute(&mut connection).await?;
    MIGRATOR.run(&mut connection).await.map_err(Error::Migration)?;
    for kind in CATALOGUE {
        make_partition(&mut connection, kind.code).await?;
    }
    connection.close().await?;
    Ok(())
}

/// The code comes from the catalogue, whose tests allow only lower-case letters and
/// hyphens; identifiers and literals cannot be bound as parameters in a `create table`.
async fn make_partition(connection: &mut PgConnection, code: &'static str) -> Result<()> {
    let table = format!("segment_{}", code.replace('-', "_"));
    // Bodies of up to 4 kB stay in the row: out of line each costs a second row and an
    // index entry. They are compressed already.
    let statement = format!(
        "-- migrate.make_partition
        insert into shared_kind (code) values ('{code}') on conflict do nothing;
        create table if not exists {table} partition of segment for values in ('{code}')
            with (toast_tuple_target = 4080, fillfactor = 100);
        alter table {table} alter column body set storage external;
        alter table {table} alter column directory set storage main;"
    );
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await?;
    Ok(())
}
