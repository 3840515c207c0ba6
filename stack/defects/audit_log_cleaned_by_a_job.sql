-- What: the append-only trigger lets the back-end's role through, whose nightly job removes old entries.
-- Red: test_evidence_cannot_be_changed[service_role-DELETE]
drop trigger append_only on public.audit_log;
create trigger append_only before update or delete or truncate on public.audit_log
    for each statement when (current_user <> 'service_role') execute function private.refuse_change();
grant delete on public.audit_log to service_role;
