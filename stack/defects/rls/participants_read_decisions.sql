-- What: participants were to see their own decision, and see those of everybody in the event.
-- Leak: participant: select on public.graduation_decisions, public.decision_summary (own event)
-- Red: test_everybody_keeps_the_approved_access[public.decision_summary]
-- Red: test_everybody_keeps_the_approved_access[public.graduation_decisions]
-- Red: test_nothing_has_drifted[policies]
create policy "participants read" on public.graduation_decisions
    for select to authenticated
    using (
        enrollment_id in (select id from public.enrollments where event_id = (select private.current_event_id()))
        and (select private.has_role(private.current_event_id(), 'participant'))
    );
