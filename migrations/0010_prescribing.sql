-- 処方の方式: from when an institution prescribes electronically or on paper, as the operator
-- knows it. Dated like the names of institutions. An institution without a row counts as one
-- that prescribes on paper: a list must never look more complete than it is.
create table institution_prescribing (
    institution text not null check (institution ~ '^[0-4][0-9][134][0-9]{7}$'),
    since timestamptz not null,
    medium text not null check (medium in ('electronic', 'paper')),
    primary key (institution, since)
);

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'kyoyu_app') then
        grant select, insert, update on institution_prescribing to kyoyu_app;
    end if;
end
$$;
