-- What: organizers may remove entries of their own event, and the append-only trigger is gone.
-- Red: test_evidence_cannot_be_changed[signed_in_role-DELETE]
drop trigger append_only on public.audit_log;
grant delete on public.audit_log to authenticated;
create policy "organizers remove" on public.audit_log for delete to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    );
