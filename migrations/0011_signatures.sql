-- 電子署名: what became of the signature of a document when it was registered. Gone with the
-- document: the name of who signed is part of it. A document without a row is not signed.
create table document_signature (
    verified_at timestamptz not null,
    -- What `Signature.when` says.
    claimed_at timestamptz,
    bucket smallint not null,
    submission uuid not null,
    -- Null: verified. Otherwise the code of the rule that says why not.
    reason text check (reason like 'kyoyu-signature-%'),
    -- Of a verified signature only.
    signer text,
    role text,
    issuer text,
    serial text,
    primary key (bucket, submission),
    check ((reason is null) = (signer is not null)),
    check ((reason is null) = (issuer is not null)),
    check ((reason is null) = (serial is not null)),
    check (reason is null or role is null)
);

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'kyoyu_app') then
        grant select, insert, delete on document_signature to kyoyu_app;
    end if;
end
$$;
