-- Who may call. Small tables that every server keeps in memory; on a distributed
-- database they are reference tables.

-- 共有データの種類: one row per row of the catalogue in code, kept equal by `kyoyu migrate`.
create table shared_kind (
    code text primary key check (code ~ '^[a-z-]{1,40}$')
);

create table participant (
    id integer generated always as identity primary key,
    name text not null unique check (length(name) between 1 and 200),
    role text not null check (role in ('institution', 'checkup-centre', 'patient-portal',
        'insurer', 'eligibility-network', 'prescription-service', 'operator')),
    insurer text check (insurer ~ '^[0-9]{8}$'),
    starts_at timestamptz not null,
    ends_at timestamptz
);

create table participant_certificate (
    fingerprint bytea primary key check (octet_length(fingerprint) = 32),
    participant integer not null references participant (id),
    added_at timestamptz not null
);
create index participant_certificate_participant on participant_certificate (participant);

create table participant_institution (
    participant integer not null references participant (id),
    institution text not null check (institution ~ '^[0-4][0-9][134][0-9]{7}$'),
    primary key (participant, institution)
);

-- 医療機関名: dated, so that entries show the name as of their registration.
create table institution_name (
    institution text not null check (institution ~ '^[0-4][0-9][134][0-9]{7}$'),
    named_from timestamptz not null,
    name text not null check (length(name) between 1 and 200),
    primary key (institution, named_from)
);

create table issuer (
    name text primary key check (length(name) between 1 and 200),
    role text not null check (role in ('institution', 'patient-portal', 'insurer', 'operator'))
);

create table issuer_key (
    issuer text not null references issuer (name),
    kid text not null check (length(kid) between 1 and 100),
    algorithm text not null check (algorithm in ('ES256', 'EdDSA')),
    public_pem text not null,
    primary key (issuer, kid)
);

create table issuer_institution (
    issuer text not null references issuer (name),
    institution text not null check (institution ~ '^[0-4][0-9][134][0-9]{7}$'),
    primary key (issuer, institution)
);

-- Raised with every change of the tables above; servers reload when it moves.
create table registry_version (
    only_row boolean primary key default true check (only_row),
    version bigint not null
);
insert into registry_version (version) values (1);
