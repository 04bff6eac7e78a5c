//! 計測 — sizes, write-ahead log, and the plain design to compare with; for `kyoyu bench`.
//!
//! The statements here are not checked at compile time: the table of the plain design is
//! no part of the schema. Everything needs a superuser of a private server.

use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};

use crate::error::Result;

/// 計測器 — a superuser's connection to the server under measurement.
#[derive(Debug, Clone)]
pub struct Meter(PgPool);

const PURGE_BATCH: &str = "with batch as (
        delete from plain_due_list
        where id in (select id from plain_due_list limit $1)
        returning id
    )
    delete from plain_resource
    using batch
    where plain_resource.id = batch.id";

/// One resource as the plain design stores it.
#[derive(Debug, Clone)]
pub struct PlainRow {
    /// Whose.
    pub patient: i64,
    /// What.
    pub kind: String,
    /// When it was collected, in seconds since 1970.
    pub dated_at: i64,
    /// When it was registered, in seconds since 1970.
    pub registered_at: i64,
    /// The resource identifier.
    pub identifier: String,
    /// The Bundle identifier.
    pub bundle: String,
    /// The resource's text.
    pub resource: String,
}

impl Meter {
    /// Connects.
    pub async fn connect(url: &str, connections: u32) -> Result<Self> {
        let pool = PgPoolOptions::new().max_connections(connections).connect(url).await?;
        Ok(Self(pool))
    }

    /// Where the write-ahead log ends, in bytes, whether or not it is written out.
    pub async fn wal_bytes(&self) -> Result<i64> {
        let statement = "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint";
        Ok(sqlx::query_scalar(statement).fetch_one(&self.0).await?)
    }

    /// Writes everything out, so that every measurement begins with clean pages.
    pub async fn checkpoint(&self) -> Result<()> {
        sqlx::query("checkpoint").execute(&self.0).await?;
        Ok(())
    }

    /// Does what autovacuum has done long before data are a year old: without it the first
    /// look at a row after a checkpoint would write an image of its page.
    pub async fn vacuum(&self) -> Result<()> {
        sqlx::query("vacuum (analyze)").execute(&self.0).await?;
        self.checkpoint().await
    }

    /// Lets the server write into log files that it has used before, as one does that has
    /// run for a while: a new file is filled with zeros while commits wait.
    pub async fn recycle_wal(&self, files: u32) -> Result<()> {
        for _ in 0..files {
            // A switch needs something that was written since the last one.
            sqlx::query("select pg_logical_emit_message(false, 'kyoyu', 'bench')")
                .execute(&self.0)
                .await?;
            sqlx::query("select pg_switch_wal()").execute(&self.0).await?;
        }
        self.checkpoint().await
    }

    /// Bytes on disk of segments, directories, letters, attachments, ledger, identifiers and
    /// tombstones with all their indexes; audit records apart.
    pub async fn stored_bytes(&self) -> Result<i64> {
        let statement = "select (
                select coalesce(sum(pg_total_relation_size(inhrelid)), 0)
                from pg_inherits
                where inhparent = 'segment'::regclass
            )::bigint
            + pg_total_relation_size('submission')
            + pg_total_relation_size('bundle_identifier')
            + pg_total_relation_size('letter')
            + pg_total_relation_size('attachment')
            + pg_total_relation_size('tombstone')";
        Ok(sqlx::query_scalar(statement).fetch_one(&self.0).await?)
    }

    /// The same, table by table, for those who want to know where the bytes are.
    pub async fn stored_parts(&self) -> Result<Vec<(String, i64, i64)>> {
        let statement = "select c.relname::text, pg_table_size(c.oid), pg_indexes_size(c.oid)
            from pg_class c
            where c.relkind = 'r'
                and (c.relname like 'segment\\_%'
                    or c.relname in ('submission', 'bundle_identifier', 'letter',
                        'attachment', 'tombstone'))
                and pg_total_relation_size(c.oid) > 65536
            order by pg_total_relation_size(c.oid) desc";
        Ok(sqlx::query_as(statement).fetch_all(&self.0).await?)
    }

    /// Makes the table of the plain design: one row of jsonb per resource, with indexes
    /// for the same access paths as ours (id, patient and kind, Bundle, resource
    /// identifier, due day).
    pub async fn make_plain(&self) -> Result<()> {
        let statements = "drop table if exists plain_resource;
            create table plain_resource (
                id uuid primary key default gen_random_uuid(),
                patient bigint not null,
                kind text not null,
                bundle text not null,
                identifier text not null,
                dated_at timestamptz not null,
                registered_at timestamptz not null,
                due_on date not null default current_date + 365,
                resource jsonb not null
            );
            create index plain_patient on plain_resource (patient, kind, dated_at desc);
            create index plain_bundle on plain_resource (bundle);
            create index plain_identifier on plain_resource (identifier);
            create index plain_due on plain_resource (due_on);";
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&self.0).await?;
        Ok(())
    }

    /// Stores one Bundle in the plain design: all its resources in one transaction.
    pub async fn insert_plain(&self, rows: &[PlainRow]) -> Result<()> {
        let column = |pick: fn(&PlainRow) -> &String| -> Vec<String> {
            rows.iter().map(|row| pick(row).clone()).collect()
        };
        let patients: Vec<i64> = rows.iter().map(|row| row.patient).collect();
        let dates: Vec<i64> = rows.iter().map(|row| row.dated_at).collect();
        let registered: Vec<i64> = rows.iter().map(|row| row.registered_at).collect();
        sqlx::query(
            "insert into plain_resource (patient, kind, bundle, identifier, dated_at,
                registered_at, resource)
            select patient, kind, bundle, identifier, to_timestamp(dated_at),
                to_timestamp(registered_at), resource::jsonb
            from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[],
                $6::bigint[], $7::text[])
                as r (patient, kind, bundle, identifier, dated_at, registered_at, resource)",
        )
        .bind(&patients)
        .bind(column(|row| &row.kind))
        .bind(column(|row| &row.bundle))
        .bind(column(|row| &row.identifier))
        .bind(&dates)
        .bind(&registered)
        .bind(column(|row| &row.resource))
        .execute(&self.0)
        .await?;
        Ok(())
    }

    /// The newest resources of a patient in the plain design; answers their bytes.
    pub async fn read_plain(&self, patient: i64, most: i64) -> Result<usize> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "select resource::text
            from plain_resource
            where patient = $1 and kind = 'lab'
            order by dated_at desc
            limit $2",
        )
        .bind(patient)
        .bind(most)
        .fetch_all(&self.0)
        .await?;
        Ok(rows.iter().map(|row| row.0.len()).sum())
    }

    /// Bytes on disk of the plain design with all its indexes.
    pub async fn plain_bytes(&self) -> Result<i64> {
        let statement = "select pg_total_relation_size('plain_resource')";
        Ok(sqlx::query_scalar(statement).fetch_one(&self.0).await?)
    }

    /// Lists what a purge of the plain design has to delete of the results registered before
    /// an instant (seconds since 1970): `short` are the kinds that go by age, and of those in
    /// `last_n` the newest three collection times of each patient stay. The list is no part of
    /// the design.
    pub async fn list_plain_due(
        &self,
        before: i64,
        short: &[String],
        last_n: &[String],
    ) -> Result<()> {
        let statements = "drop table if exists plain_due_list;
            create unlogged table plain_due_list (id uuid primary key);";
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&self.0).await?;
        sqlx::query(
            "insert into plain_due_list
            select id
            from (
                select id, kind, registered_at,
                    dense_rank() over (
                        partition by patient, kind = any($3) order by dated_at desc
                    ) as nth
                from plain_resource
            ) as ranked
            where registered_at < to_timestamp($1::bigint)
                and kind = any($2)
                and (nth > 3 or kind <> all($3))",
        )
        .bind(before)
        .bind(short)
        .bind(last_n)
        .execute(&self.0)
        .await?;
        sqlx::raw_sql(AssertSqlSafe("analyze plain_due_list")).execute(&self.0).await?;
        Ok(())
    }

    /// Deletes what is on that list in batches of `most` rows, as a purge would; answers how
    /// many rows it were.
    pub async fn purge_plain(&self, most: i64) -> Result<u64> {
        let mut deleted = 0;
        loop {
            let batch = sqlx::query(PURGE_BATCH).bind(most).execute(&self.0).await?;
            deleted += batch.rows_affected();
            if batch.rows_affected() == 0 {
                return Ok(deleted);
            }
        }
    }

    /// The same without compressed page images, which is how Postgres is set up by itself;
    /// everything is there again afterwards.
    pub async fn purge_plain_by_default(&self, most: i64) -> Result<u64> {
        let mut tx = self.0.begin().await?;
        sqlx::query("set local wal_compression = off").execute(&mut *tx).await?;
        let mut deleted = 0;
        loop {
            let batch = sqlx::query(PURGE_BATCH).bind(most).execute(&mut *tx).await?;
            deleted += batch.rows_affected();
            if batch.rows_affected() == 0 {
                tx.rollback().await?;
                return Ok(deleted);
            }
        }
    }
}
