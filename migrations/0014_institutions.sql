-- 健診機関: institutions of 点数表区分 2 do checkups outside the health insurance; they send
-- checkup reports, and take part in nothing else.
alter table participant_institution
    drop constraint participant_institution_institution_check,
    add constraint participant_institution_number
        check (institution ~ '^[0-4][0-9][1-4][0-9]{7}$');
alter table institution_name
    drop constraint institution_name_institution_check,
    add constraint institution_name_number
        check (institution ~ '^[0-4][0-9][1-4][0-9]{7}$');

alter table issuer_institution
    drop constraint issuer_institution_institution_check,
    add constraint issuer_institution_number
        check (institution ~ '^[0-4][0-9][1-4][0-9]{7}$');
alter table institution_prescribing
    drop constraint institution_prescribing_institution_check,
    add constraint institution_prescribing_number
        check (institution ~ '^[0-4][0-9][1-4][0-9]{7}$');

-- 承継: a new institution number manages the Bundles of its predecessor, which has one
-- successor only.
create table institution_succession (
    predecessor text primary key check (predecessor ~ '^[0-4][0-9][1-4][0-9]{7}$'),
    institution text not null check (institution ~ '^[0-4][0-9][1-4][0-9]{7}$'),
    since timestamptz not null,
    check (institution <> predecessor)
);

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'kyoyu_app') then
        grant select, insert on institution_succession to kyoyu_app;
    end if;
end
$$;
