-- 監査記録: one row per call, append-only, in months that are dropped as a whole.
create table audit_event (
    at timestamptz not null,
    event uuid not null,
    bucket smallint,
    person uuid,
    participant integer,
    institution text,
    user_name text,
    qualification text,
    purpose text,
    action text not null,
    kinds text not null,
    outcome text not null,
    quantity integer not null
) partition by range (at);
create index audit_event_person on audit_event (bucket, person, at desc) where person is not null;

-- The role of the service may not create tables; it may have a month made.
create function make_audit_month(month date) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    first_day date := date_trunc('month', month);
    name text := 'audit_event_' || to_char(first_day, 'YYYYMM');
begin
    -- Two who find it missing at once make it one after the other.
    perform pg_advisory_xact_lock(hashtext('make_audit_month'));
    if to_regclass('public.' || name) is null then
        execute format(
            'create table if not exists public.%I partition of public.audit_event
             for values from (%L) to (%L)',
            name, first_day::timestamp at time zone 'UTC',
            (first_day + interval '1 month')::timestamp at time zone 'UTC');
    end if;
end
$$;
