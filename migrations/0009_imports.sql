-- 一括登録: uploads of many Bundles. Every key begins with the job, so that a job's lines and
-- outcomes lie beside it where the tables are distributed by it.
create table import_job (
    created_at timestamptz not null,
    -- When lines came last.
    received_at timestamptz not null,
    -- When the upload was ended, when it was cancelled, and since when nothing is left to do.
    completed_at timestamptz,
    cancelled_at timestamptz,
    ended_at timestamptz,
    received_bytes bigint not null default 0,
    received_lines integer not null default 0,
    registered_lines integer not null default 0,
    known_lines integer not null default 0,
    refused_lines integer not null default 0,
    cancelled_lines integer not null default 0,
    participant integer not null,
    job uuid not null primary key,
    institution text,
    check (registered_lines + known_lines + refused_lines + cancelled_lines <= received_lines)
);
-- A participant's own jobs, newest first.
create index import_job_participant on import_job (participant, job desc);
-- What is worked on, and what is thrown away some days after its end.
create index import_job_open on import_job (participant, job) where ended_at is null;
create index import_job_ended on import_job (ended_at) where ended_at is not null;

-- 未処理の行: a line waits here (header, then zstd, as in segments) until it has its outcome;
-- its body is then gone. Whoever works on a line holds it for a while by a claim.
create table import_line (
    claimed_until timestamptz,
    line integer not null check (line >= 1),
    -- Null: it was longer than a body may be, and was not kept.
    text_bytes integer,
    job uuid not null,
    claim uuid,
    body bytea not null,
    primary key (job, line)
);
alter table import_line alter column body set storage external;

-- 行の結果: what became of a line; findings as OperationOutcome, packed.
create table import_outcome (
    line integer not null,
    findings_bytes integer,
    job uuid not null,
    state text not null check (state in ('registered', 'known', 'refused')),
    receipt text,
    findings bytea,
    primary key (job, line),
    check ((findings is null) = (findings_bytes is null))
);
alter table import_outcome alter column findings set storage external;
create index import_outcome_state on import_outcome (job, state, line);

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'kyoyu_app') then
        grant select, insert, update, delete on import_job, import_line to kyoyu_app;
        grant select, insert, delete on import_outcome to kyoyu_app;
    end if;
end
$$;
