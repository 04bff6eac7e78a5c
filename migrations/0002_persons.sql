-- 個人: announced by the eligibility network, keyed by the patient bucket.
create table person (
    bucket smallint not null check (bucket between 0 and 4095),
    person uuid not null,
    birth_on date not null,
    gender text not null check (gender in ('male', 'female', 'other', 'unknown')),
    primary key (bucket, person)
);

-- The dated history of identifiers. Keyed by a digest, so that no index holds an insured
-- number; the bucket is that of the digest without the branch, so that a whole family
-- lies together and an identifier without branch is found by the same key.
create table person_identifier (
    identifier_bucket smallint not null check (identifier_bucket between 0 and 4095),
    digest bytea not null check (octet_length(digest) = 16),
    family_digest bytea not null check (octet_length(family_digest) = 16),
    system text not null,
    value text not null,
    bucket smallint not null,
    person uuid not null,
    valid_from date,
    valid_through date,
    announced_at timestamptz not null,
    primary key (identifier_bucket, digest)
);
create index person_identifier_family on person_identifier (identifier_bucket, family_digest);
create index person_identifier_person on person_identifier (bucket, person);

-- 閲覧同意: every change is a new version; the current one is marked.
create table consent (
    bucket smallint not null,
    person uuid not null,
    identifier_digest bytea not null check (octet_length(identifier_digest) = 16),
    version integer not null check (version >= 1),
    current boolean not null,
    institution text not null,
    categories smallint not null check (categories between 0 and 15),
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    active boolean not null,
    recorded_at timestamptz not null,
    primary key (bucket, person, identifier_digest, version)
);
create index consent_current on consent (bucket, person, institution) where current;

-- リーガルホールド: what a hold covers is never purged.
create table legal_hold (
    bucket smallint not null,
    person uuid not null,
    placed_at timestamptz not null,
    reason text not null check (length(reason) between 1 and 500),
    released_at timestamptz,
    primary key (bucket, person, placed_at)
);
