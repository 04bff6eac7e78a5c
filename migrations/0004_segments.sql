-- セグメント: the resources of one version, one kind and one long-term flag. One level of
-- partitions (LIST by kind); `kyoyu migrate` makes the partition of each catalogue row.
-- The kind needs no foreign key: a partition exists for each kind and for nothing else,
-- and a check per row would cost more than the insert.
create table segment (
    kind text not null,
    bucket smallint not null,
    person uuid not null,
    submission uuid not null,
    long_term boolean not null,
    institution text not null,
    registered_at timestamptz not null,
    cancelled_at timestamptz,
    -- The first day on which the purge must look at it; null: not as long as nothing is
    -- written for the patient.
    due_on date,
    directory bytea not null,
    body bytea not null,
    primary key (bucket, submission, long_term, kind)
) partition by list (kind);
create index segment_person on segment (bucket, person);
create index segment_due on segment (due_on) where due_on is not null;
