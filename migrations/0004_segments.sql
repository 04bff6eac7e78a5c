-- セグメント: the resources of one version, one kind and one long-term flag. One level of
-- partitions (LIST by kind); `kyoyu migrate` makes the partition of each catalogue row.
-- The kind needs no foreign key: a partition exists for each kind and for nothing else,
-- and a check per row would cost more than the insert.
--
-- One index serves every access: all reads and writes are by patient, and a patient's
-- entries share one key in it. A unique key over (submission, kind, flag) would cost ten
-- bytes a resource to say what the ledger says already: the rows of a version are written
-- once, in one statement, with its ledger row, whose key is unique.
-- What never moves stands before what may be absent or long, so that no row is padded.
create table segment (
    registered_at timestamptz not null,
    cancelled_at timestamptz,
    bucket smallint not null,
    long_term boolean not null,
    person uuid not null,
    submission uuid not null,
    kind text not null,
    institution text not null,
    directory bytea not null,
    body bytea not null
) partition by list (kind);
create index segment_patient on segment (bucket, person);

-- 期日: the first day on which the purge must look at a patient; never later than the day
-- on which something of the patient's may be deleted. One row per patient, so that what
-- moves a day moves no data.
create table purge_due (
    bucket smallint not null,
    due_on date not null,
    person uuid not null,
    primary key (bucket, person)
);
create index purge_due_day on purge_due (due_on, bucket, person);
