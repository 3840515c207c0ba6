-- What: the policy of the audit log was copied from another table, and asks for membership instead of the role.
-- Leak: assessor, participant: select on public.audit_log (own event)
-- Red: test_everybody_keeps_the_approved_access[public.audit_log]
-- Red: test_nothing_has_drifted[policies]
alter policy "organizers read" on public.audit_log
    using (
        event_id = (select private.current_event_id())
        and (select private.is_member(private.current_event_id()))
    );
