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
pub struct Join<'a> {
    former: &'a [PersonKey],
    buckets: Vec<i16>,
    keys: Vec<Uuid>,
    into: PersonKey,
}

impl<'a> Join<'a> {
    /// Of persons whose locks the transaction holds, into one that it has just added.
    ///
    /// # Panics
    /// When the new bucket is one of theirs.
    pub fn new(former: &'a [PersonKey], into: PersonKey) -> Self {
        assert!(former.iter().all(|person| person.bucket() != into.bucket()));
        let (buckets, keys) = split(former);
        Self { former, buckets, keys, into }
    }

    /// Moves everything but the day on which the purge looks at them, which is to be set anew.
    ///
    /// # Errors
    /// When the database does not do it; then nothing is moved.
    pub async fn run(&self, tx: &mut Tx) -> Result<()> {
        self.mark(tx).await?;
        self.identifiers(tx).await?;
        self.consents(tx).await?;
        self.holds(tx).await?;
        self.bundle_identifiers(tx).await?;
        self.attachments(tx).await?;
        self.signatures(tx).await?;
        self.letters(tx).await?;
        self.segments(tx).await?;
        self.ledger(tx).await?;
        self.leave_due(tx).await
    }

    fn bucket(&self) -> i16 {
        self.into.bucket().number()
    }

    /// Lets the former keys, and those joined into them earlier, point to the new one.
    async fn mark(&self, tx: &mut Tx) -> Result<()> {
        let now = tx.now();
        sqlx::query!(
            "-- join.follow
            update person
            set joined_bucket = $3, joined_person = $4
            where (joined_bucket, joined_person) in (
                select bucket, person
                from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            )",
            &self.buckets,
            &self.keys,
            self.bucket(),
            self.into.uuid()
        )
        .execute(tx.connection())
        .await?;
        let done = sqlx::query!(
            "-- join.mark
            update person p
            set joined_at = $5, joined_bucket = $3, joined_person = $4
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            where p.bucket = former.bucket and p.person = former.person
                and p.joined_person is null",
            &self.buckets,
            &self.keys,
            self.bucket(),
            self.into.uuid(),
            now
        )
        .execute(tx.connection())
        .await?;
        expect_rows("join.mark", self.former.len() as u64, done.rows_affected())
    }

    async fn identifiers(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.identifiers
            update person_identifier i
            set bucket = $3, person = $4
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            where i.bucket = former.bucket and i.person = former.person",
            &self.buckets,
            &self.keys,
            self.bucket(),
            self.into.uuid()
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    /// A consent that several of them have is one: its versions follow each other as they
    /// were recorded, and the newest holds.
    async fn consents(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.consents
            insert into consent (bucket, person, identifier_digest, version, current,
                institution, categories, starts_at, ends_at, active, recorded_at)
            select $3, $4, identifier_digest, number, number = numbers, institution, categories,
                starts_at, ends_at, active, recorded_at
            from (
                select c.*,
                    row_number() over (
                        partition by c.identifier_digest order by c.recorded_at, c.version
                    )::integer as number,
                    count(*) over (partition by c.identifier_digest)::integer as numbers
                from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
                join consent c on c.bucket = former.bucket and c.person = former.person
            ) as history",
            &self.buckets,
            &self.keys,
            self.bucket(),
            self.into.uuid()
        )
        .execute(tx.connection())
        .await?;
        sqlx::query!(
            "-- join.end_consents
            update consent c
            set current = false
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            where c.bucket = former.bucket and c.person = former.person and c.current",
            &self.buckets,
            &self.keys
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    /// Whom a hold covered it goes on covering, and with it all the others that one is.
    async fn holds(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.holds
            insert into legal_hold (bucket, person, placed_at, reason, released_at)
            select $3, $4, h.placed_at, min(h.reason),
                case when bool_and(h.released_at is not null) then max(h.released_at) end
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            join legal_hold h on h.bucket = former.bucket and h.person = former.person
            group by h.placed_at",
            &self.buckets,
            &self.keys,
            self.bucket(),
            self.into.uuid()
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    /// Bundle identifiers of which something is left; one whose Bundle is purged stays with
    /// the former key, where nobody can use it either.
    async fn bundle_identifiers(&self, tx: &mut Tx) -> Result<()> {
        let rows = sqlx::query_scalar!(
            "-- join.ledger_identifiers
            select s.identifier
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            join submission s on s.bucket = former.bucket and s.person = former.person
            order by s.identifier",
            &self.buckets,
            &self.keys
        )
        .fetch_all(tx.connection())
        .await?;
        let mut buckets = Vec::with_capacity(rows.len());
        let mut digests = Vec::with_capacity(rows.len());
        for value in rows {
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
            "-- join.bundle_identifiers
            update bundle_identifier b
            set bucket = $3, person = $4
            from unnest($1::smallint[], $2::bytea[]) as theirs (identifier_bucket, digest)
            where b.identifier_bucket = theirs.identifier_bucket and b.digest = theirs.digest",
            &buckets,
            &digests,
            self.bucket(),
            self.into.uuid()
        )
        .execute(tx.connection())
        .await?;
        expect_rows("join.bundle_identifiers", digests.len() as u64, done.rows_affected())
    }

    async fn attachments(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.attachments
            insert into attachment (at, bucket, ordinal, submission, media_type, data)
            select a.at, $3, a.ordinal, a.submission, a.media_type, a.data
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            join submission s on s.bucket = former.bucket and s.person = former.person
            join attachment a on a.bucket = s.bucket and a.submission = s.submission",
            &self.buckets,
            &self.keys,
            self.bucket()
        )
        .execute(tx.connection())
        .await?;
        sqlx::query!(
            "-- join.leave_attachments
            delete from attachment a
            using unnest($1::smallint[], $2::uuid[]) as former (bucket, person), submission s
            where s.bucket = former.bucket and s.person = former.person
                and a.bucket = s.bucket and a.submission = s.submission",
            &self.buckets,
            &self.keys
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    async fn signatures(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.signatures
            insert into document_signature (verified_at, claimed_at, bucket, submission, reason,
                signer, role, issuer, serial)
            select d.verified_at, d.claimed_at, $3, d.submission, d.reason, d.signer, d.role,
                d.issuer, d.serial
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            join submission s on s.bucket = former.bucket and s.person = former.person
            join document_signature d on d.bucket = s.bucket and d.submission = s.submission",
            &self.buckets,
            &self.keys,
            self.bucket()
        )
        .execute(tx.connection())
        .await?;
        sqlx::query!(
            "-- join.leave_signatures
            delete from document_signature d
            using unnest($1::smallint[], $2::uuid[]) as former (bucket, person), submission s
            where s.bucket = former.bucket and s.person = former.person
                and d.bucket = s.bucket and d.submission = s.submission",
            &self.buckets,
            &self.keys
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    async fn letters(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.letters
            insert into letter (registered_at, visible_at, received_at, cancelled_at, bucket,
                person, submission, belongs_to, kind, identifier, addressee, pattern, state)
            select l.registered_at, l.visible_at, l.received_at, l.cancelled_at, $3, $4,
                l.submission, l.belongs_to, l.kind, l.identifier, l.addressee, l.pattern, l.state
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            join letter l on l.bucket = former.bucket and l.person = former.person",
            &self.buckets,
            &self.keys,
            self.bucket(),
            self.into.uuid()
        )
        .execute(tx.connection())
        .await?;
        sqlx::query!(
            "-- join.leave_letters
            delete from letter l
            using unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            where l.bucket = former.bucket and l.person = former.person",
            &self.buckets,
            &self.keys
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    async fn segments(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.segments
            insert into segment (registered_at, cancelled_at, received_at, bucket, long_term,
                person, submission, kind, institution, directory, body)
            select g.registered_at, g.cancelled_at, g.received_at, $3, g.long_term, $4,
                g.submission, g.kind, g.institution, g.directory, g.body
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            join segment g on g.bucket = former.bucket and g.person = former.person",
            &self.buckets,
            &self.keys,
            self.bucket(),
            self.into.uuid()
        )
        .execute(tx.connection())
        .await?;
        sqlx::query!(
            "-- join.leave_segments
            delete from segment g
            using unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            where g.bucket = former.bucket and g.person = former.person",
            &self.buckets,
            &self.keys
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    async fn ledger(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.follow_moves
            update submission_move m
            set to_bucket = $3
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            join submission s on s.bucket = former.bucket and s.person = former.person
            where m.to_bucket = s.bucket and m.submission = s.submission",
            &self.buckets,
            &self.keys,
            self.bucket()
        )
        .execute(tx.connection())
        .await?;
        sqlx::query!(
            "-- join.moves
            insert into submission_move (bucket, to_bucket, submission, former_person)
            select s.bucket, $3, s.submission, s.person
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            join submission s on s.bucket = former.bucket and s.person = former.person",
            &self.buckets,
            &self.keys,
            self.bucket()
        )
        .execute(tx.connection())
        .await?;
        sqlx::query!(
            "-- join.ledger
            insert into submission (sent_at, registered_at, cancelled_at, restored_at,
                participant, version, bucket, submission, person, sha256, institution,
                identifier, counts, notes, envelope)
            select s.sent_at, s.registered_at, s.cancelled_at, s.restored_at, s.participant,
                s.version, $3, s.submission, $4, s.sha256, s.institution, s.identifier,
                s.counts, s.notes, s.envelope
            from unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            join submission s on s.bucket = former.bucket and s.person = former.person",
            &self.buckets,
            &self.keys,
            self.bucket(),
            self.into.uuid()
        )
        .execute(tx.connection())
        .await?;
        sqlx::query!(
            "-- join.leave_ledger
            delete from submission s
            using unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            where s.bucket = former.bucket and s.person = former.person",
            &self.buckets,
            &self.keys
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    /// When the purge looks at them is for the one who knows the policy to say anew: the last
    /// three of one are not those of all.
    async fn leave_due(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "-- join.leave_due
            delete from purge_due d
            using unnest($1::smallint[], $2::uuid[]) as former (bucket, person)
            where d.bucket = former.bucket and d.person = former.person",
            &self.buckets,
            &self.keys
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }
}
