-- Bundle識別子: belongs to one institution (its first part) and one person for ever.
create table bundle_identifier (
    identifier_bucket smallint not null check (identifier_bucket between 0 and 4095),
    digest bytea not null check (octet_length(digest) = 16),
    bucket smallint not null,
    person uuid not null,
    submission uuid not null,
    primary key (identifier_bucket, digest)
);

-- 台帳: one row per Bundle that is kept, its current version. The envelope is the Bundle's
-- head and its Patient (header, then zstd). A version that is replaced, and a Bundle of
-- which the last resource is purged, becomes a tombstone.
create table submission (
    sent_at timestamptz not null,
    registered_at timestamptz not null,
    -- Set while it is cancelled, and when a cancellation was undone last.
    cancelled_at timestamptz,
    restored_at timestamptz,
    participant integer not null,
    version integer not null check (version >= 1),
    bucket smallint not null,
    submission uuid not null,
    person uuid not null,
    sha256 bytea not null check (octet_length(sha256) = 32),
    institution text not null,
    identifier text not null,
    counts text not null,
    notes text not null,
    envelope bytea not null,
    primary key (bucket, submission)
);
alter table submission alter column envelope set storage external;
-- The sender's own ledger, read by cursor.
create index submission_institution on submission (institution, submission);

-- 墓標: what is left of a deletion, without content.
create table tombstone (
    bucket smallint not null,
    submission uuid not null,
    institution text not null,
    identifier text not null,
    version integer not null,
    sha256 bytea not null,
    registered_at timestamptz not null,
    deleted_at timestamptz not null,
    -- The purge run; null for a version that a change replaced.
    run uuid,
    counts text not null,
    -- Whether nothing of the version was left.
    complete boolean not null,
    primary key (bucket, submission, deleted_at)
);
create index tombstone_run on tombstone (run) where run is not null;
