-- The role of the service: reads and writes rows, deletes only what the purge and a
-- change delete, and owns nothing. Ledger history, identifiers, consent, tombstones and
-- audit records cannot be deleted or altered by it.
do $$
begin
    if exists (select 1 from pg_roles where rolname = 'kyoyu_app') then
        grant usage on schema public to kyoyu_app;
        grant select on all tables in schema public to kyoyu_app;
        grant insert on person, person_identifier, consent, legal_hold, bundle_identifier,
            submission, tombstone, segment, purge_due, audit_event, purge_plan,
            purge_run to kyoyu_app;
        grant update on person, person_identifier, consent, legal_hold, bundle_identifier,
            submission, segment, purge_due, purge_plan, purge_run, worker_lease to kyoyu_app;
        grant delete on segment, submission, purge_due to kyoyu_app;
        grant insert, update, delete on participant, participant_certificate,
            participant_institution, institution_name, issuer, issuer_key,
            issuer_institution to kyoyu_app;
        grant update on registry_version to kyoyu_app;
        grant execute on function make_audit_month(date) to kyoyu_app;
    end if;
end
$$;
