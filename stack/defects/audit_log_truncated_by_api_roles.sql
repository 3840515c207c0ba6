-- What: the append-only trigger was made anew without TRUNCATE, and privileges were restored wholesale.
-- Red: test_evidence_cannot_be_changed[anonymous_role-TRUNCATE]
-- Red: test_evidence_cannot_be_changed[signed_in_role-TRUNCATE]
-- Red: test_evidence_cannot_be_changed[service_role-TRUNCATE]
drop trigger append_only on public.audit_log;
create trigger append_only before update or delete on public.audit_log
    for each statement execute function private.refuse_change();
grant all on all tables in schema public to anon, authenticated, service_role;
