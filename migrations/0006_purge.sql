-- 削除計画: what is due and why, counted before anything is deleted.
create table purge_plan (
    plan uuid primary key,
    made_at timestamptz not null,
    due_through date not null,
    policy_version integer not null,
    counts text not null,
    resources bigint not null,
    held bigint not null,
    state text not null check (state in ('open', 'waits-for-approval', 'approved', 'done', 'abandoned')),
    approved_by text,
    approved_at timestamptz
);
create index purge_plan_made on purge_plan (made_at);

-- 削除実行: one row per run, with its signed certificate when it has ended.
create table purge_run (
    run uuid primary key,
    plan uuid not null references purge_plan (plan),
    started_at timestamptz not null,
    ended_at timestamptz,
    batches integer not null,
    segments bigint not null,
    resources bigint not null,
    error text,
    certificate text,
    signature bytea
);
create index purge_run_plan on purge_run (plan);
create index purge_run_started on purge_run (started_at);

-- 作業権: who may act; a worker that lost the lease finds another token and stops.
create table worker_lease (
    name text primary key,
    token bigint not null,
    taken_at timestamptz not null
);
insert into worker_lease (name, token, taken_at) values ('purge', 0, 'epoch');
