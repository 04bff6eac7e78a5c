-- 文書: what letters and attachments need beside their segments.

-- When the addressee received a letter. Retention reads it with everything else that it
-- knows of a segment.
alter table segment add column received_at timestamptz;

-- 文書授受: one row per letter that is kept. Gone with its segment.
create table letter (
    registered_at timestamptz not null,
    -- Since when the addressee may see it: its place in the inbox.
    visible_at timestamptz,
    received_at timestamptz,
    cancelled_at timestamptz,
    bucket smallint not null,
    person uuid not null,
    submission uuid not null,
    -- The referral that a discharge summary follows.
    belongs_to uuid,
    kind text not null references shared_kind (code),
    identifier text not null,
    addressee text not null check (addressee ~ '^[0-4][0-9][134][0-9]{7}$'),
    pattern text check (pattern in ('oral', 'portal', 'card-reader')),
    state text not null check (state in ('held', 'refused', 'readable', 'received')),
    primary key (bucket, submission)
);
create index letter_inbox on letter (addressee, visible_at desc, submission desc)
    where visible_at is not null;
create index letter_person on letter (bucket, person);

-- 添付: bytes as they were before base64, so that a part of one can be read without the rest.
-- `at` is the place in the document's text at which its base64 goes.
create table attachment (
    at integer not null,
    bucket smallint not null,
    ordinal smallint not null check (ordinal >= 1),
    submission uuid not null,
    media_type text not null,
    data bytea not null,
    primary key (bucket, submission, ordinal)
);
alter table attachment alter column data set storage external;

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'kyoyu_app') then
        grant select, insert, update, delete on letter to kyoyu_app;
        grant select, insert, delete on attachment to kyoyu_app;
    end if;
end
$$;
