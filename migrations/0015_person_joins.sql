-- 統合: the eligibility network says that persons known so far as several are one. All that is
-- theirs moves under a new key. Whose key it was stays as a row that points to the new one:
-- the access log goes on over it, and whoever must correct a wrong announcement sees what
-- came from where.
alter table person
    add column joined_at timestamptz,
    add column joined_bucket smallint,
    add column joined_person uuid,
    add constraint person_joined_whole
        check (num_nulls(joined_at, joined_bucket, joined_person) in (0, 3));
create index person_joined on person (joined_bucket, joined_person)
    where joined_person is not null;

-- A receipt names the bucket under which the Bundle was registered.
create table submission_move (
    bucket smallint not null,
    to_bucket smallint not null,
    submission uuid not null,
    former_person uuid not null,
    primary key (bucket, submission)
);

-- Whether a person is still there, with eyes of its own: a statement that waited for the
-- person's lock sees only what was there before it waited.
create function person_is_there(wanted_bucket smallint, wanted uuid) returns boolean
language plpgsql volatile security invoker set search_path = public, pg_temp as $$
begin
    return exists (
        select 1
        from person p
        where p.bucket = wanted_bucket and p.person = wanted and p.joined_person is null
    );
end
$$;

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'kyoyu_app') then
        grant select, insert, update on submission_move to kyoyu_app;
        grant execute on function person_is_there(smallint, uuid) to kyoyu_app;
    end if;
end
$$;
