//! 統合 — moves all that several persons have under one new key.
//!
//! The new key's bucket is none of theirs, so that a row is written anew before the old one
//! goes and no two rows ever meet in a key. Consents and legal holds are copied, since nothing
//! deletes them.

use kyoyu_domain::identifiers::{Bucket, BundleIdentifier, PersonKey};
use uuid::Uuid;

use super::split;
use crate::{
    Tx,
    error::{Error, Result, expect_rows},
};

/// 統合 — who were several, and who they are from now on.
#[derive(Debug)]
pub struct Join {
    buckets: Vec<i16>,
    persons: Vec<Uuid>,
    into: PersonKey,
}

impl Join {
    /// Of persons whose locks the transaction holds, into one that it has just added.
    ///
    /// # Panics
    /// When the new bucket is one of theirs.
    pub fn new(former: &[PersonKey], into: PersonKey) -> Self {
        assert!(former.iter().all(|person| person.bucket() != into.bucket()));
        let (buckets, persons) = split(former);
        Self { buckets, persons, into }
    }

    /// Moves everything but the day on which the purge looks at them, which is to be set anew:
    /// the last three of one are not those of all.
    ///
    /// # Errors
    /// When the database does not do it; then nothing is moved.
    pub async fn run(&self, tx: &mut Tx) -> Result<()> {
        self.point(tx).await?;
        self.take_identifiers(tx).await?;
        self.take_bundle_identifiers(tx).await?;
        self.copy_consents(tx).await?;
        self.copy_holds(tx).await?;
        self.copy_data(tx).await?;
        self.leave(tx).await
    }

    /// Lets the former keys, and those joined into them earlier, point to the new one.
    async fn point(&self, tx: &mut Tx) -> Result<()> {
        let now = tx.now();
        sqlx::query!(
            "-- join.point
            update person p
            set joined_at = coalesce(p.joined_at, $5), joined_bucket = $3, joined_person = $4
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            where (p.bucket = former.bucket and p.person = former.person)
                or (p.joined_bucket = former.bucket and p.joined_person = former.person)",
            &self.buckets,
            &self.persons,
            self.into.bucket().number(),
            self.into.uuid(),
            now
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    async fn take_identifiers(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.take_identifiers
            update person_identifier i
            set bucket = $3, person = $4
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            where i.bucket = former.bucket and i.person = former.person",
            &self.buckets,
            &self.persons,
            self.into.bucket().number(),
            self.into.uuid()
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    /// Bundle identifiers of which something is left; one whose Bundle is purged stays with
    /// the former key, where nobody can use it either.
    async fn take_bundle_identifiers(&self, tx: &mut Tx) -> Result<()> {
        let values = sqlx::query_scalar!(
            "-- join.bundle_identifiers
            select s.identifier
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            join submission s on s.bucket = former.bucket and s.person = former.person
            order by s.identifier",
            &self.buckets,
            &self.persons
        )
        .fetch_all(tx.connection())
        .await?;
        let mut buckets = Vec::with_capacity(values.len());
        let mut digests = Vec::with_capacity(values.len());
        for value in values {
            let identifier: BundleIdentifier = value.parse().map_err(|_| Error::Corrupt {
                table: "submission",
                column: "identifier",
                what: "bad form",
            })?;
            let digest = identifier.digest();
            buckets.push(Bucket::of(&digest).number());
            digests.push(digest.to_vec());
        }
        let done = sqlx::query!(
            "-- join.take_bundle_identifiers
            update bundle_identifier b
            set bucket = $3, person = $4
            from unnest($1::smallint[], $2::bytea[]) as theirs (identifier_bucket, digest)
            where b.identifier_bucket = theirs.identifier_bucket and b.digest = theirs.digest",
            &buckets,
            &digests,
            self.into.bucket().number(),
            self.into.uuid()
        )
        .execute(tx.connection())
        .await?;
        expect_rows("join.take_bundle_identifiers", digests.len() as u64, done.rows_affected())
    }

    /// A consent that several of them have is one: its versions follow each other as they
    /// were recorded, and the newest holds. Under the former keys none holds any more.
    async fn copy_consents(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.copy_consents
            with theirs as (
                select c.*
                from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
                join consent c on c.bucket = former.bucket and c.person = former.person
            ), ended as (
                update consent c
                set current = false
                from theirs t
                where c.bucket = t.bucket and c.person = t.person and c.current
            ), history as (
                select t.*,
                    row_number() over (
                        partition by identifier_digest order by recorded_at, version
                    )::integer as number,
                    count(*) over (partition by identifier_digest)::integer as numbers
                from theirs t
            )
            insert into consent (bucket, person, identifier_digest, version, current,
                institution, categories, starts_at, ends_at, active, recorded_at)
            select $3, $4, identifier_digest, number, number = numbers, institution, categories,
                starts_at, ends_at, active, recorded_at
            from history",
            &self.buckets,
            &self.persons,
            self.into.bucket().number(),
            self.into.uuid()
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    /// What a hold on one covers goes on being covered, and with it all that was the others'.
    async fn copy_holds(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.copy_holds
            insert into legal_hold (bucket, person, placed_at, reason, released_at)
            select $3, $4, h.placed_at, min(h.reason),
                case when bool_and(h.released_at is not null) then max(h.released_at) end
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            join legal_hold h on h.bucket = former.bucket and h.person = former.person
            group by h.placed_at",
            &self.buckets,
            &self.persons,
            self.into.bucket().number(),
            self.into.uuid()
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    /// Writes ledger, segments, letters and what lies beside them under the new key, and where
    /// each receipt is to be looked for. Should a bucket come back after several joins, the
    /// move from it is there already and was led on.
    async fn copy_data(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.copy_data
            with former as (
                select bucket, person
                from unnest($1::smallint[], $2::uuid[]) as f (bucket, person)
            ), theirs as (
                select s.*
                from former f
                join submission s on s.bucket = f.bucket and s.person = f.person
            ), segments as (
                insert into segment (registered_at, cancelled_at, received_at, bucket, long_term,
                    person, submission, kind, institution, directory, body)
                select g.registered_at, g.cancelled_at, g.received_at, $3, g.long_term, $4,
                    g.submission, g.kind, g.institution, g.directory, g.body
                from former f
                join segment g on g.bucket = f.bucket and g.person = f.person
            ), letters as (
                insert into letter (registered_at, visible_at, received_at, cancelled_at, bucket,
                    person, submission, belongs_to, kind, identifier, addressee, pattern, state)
                select l.registered_at, l.visible_at, l.received_at, l.cancelled_at, $3, $4,
                    l.submission, l.belongs_to, l.kind, l.identifier, l.addressee, l.pattern,
                    l.state
                from former f
                join letter l on l.bucket = f.bucket and l.person = f.person
            ), attachments as (
                insert into attachment (at, bucket, ordinal, submission, media_type, data)
                select a.at, $3, a.ordinal, a.submission, a.media_type, a.data
                from theirs t
                join attachment a on a.bucket = t.bucket and a.submission = t.submission
            ), signatures as (
                insert into document_signature (verified_at, claimed_at, bucket, submission,
                    reason, signer, role, issuer, serial)
                select d.verified_at, d.claimed_at, $3, d.submission, d.reason, d.signer, d.role,
                    d.issuer, d.serial
                from theirs t
                join document_signature d on d.bucket = t.bucket and d.submission = t.submission
            ), led_on as (
                update submission_move m
                set to_bucket = $3
                from theirs t
                where m.to_bucket = t.bucket and m.submission = t.submission
            ), moves as (
                insert into submission_move (bucket, to_bucket, submission, former_person)
                select t.bucket, $3, t.submission, t.person
                from theirs t
                on conflict do nothing
            )
            insert into submission (sent_at, registered_at, cancelled_at, restored_at,
                participant, version, bucket, submission, person, sha256, institution,
                identifier, counts, notes, envelope)
            select t.sent_at, t.registered_at, t.cancelled_at, t.restored_at, t.participant,
                t.version, $3, t.submission, $4, t.sha256, t.institution, t.identifier, t.counts,
                t.notes, t.envelope
            from theirs t",
            &self.buckets,
            &self.persons,
            self.into.bucket().number(),
            self.into.uuid()
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    /// Deletes what is written anew under the new key.
    async fn leave(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.leave
            with former as (
                select bucket, person
                from unnest($1::smallint[], $2::uuid[]) as f (bucket, person)
            ), theirs as (
                select s.bucket, s.submission
                from former f
                join submission s on s.bucket = f.bucket and s.person = f.person
            ), attachments as (
                delete from attachment a
                using theirs t
                where a.bucket = t.bucket and a.submission = t.submission
            ), signatures as (
                delete from document_signature d
                using theirs t
                where d.bucket = t.bucket and d.submission = t.submission
            ), letters as (
                delete from letter l
                using former f
                where l.bucket = f.bucket and l.person = f.person
            ), segments as (
                delete from segment g
                using former f
                where g.bucket = f.bucket and g.person = f.person
            ), days as (
                delete from purge_due d
                using former f
                where d.bucket = f.bucket and d.person = f.person
            )
            delete from submission s
            using former f
            where s.bucket = f.bucket and s.person = f.person",
            &self.buckets,
            &self.persons
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }
}
