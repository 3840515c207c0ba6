-- What: assessors were to note who withdrew, and may change every column of an enrolment.
-- Leak: assessor: update on public.enrollments (own event)
-- Red: test_everybody_keeps_the_approved_access[public.enrollments]
-- Red: test_nothing_has_drifted[policies]
create policy "assessors note withdrawals" on public.enrollments
    for update to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'assessor'))
    );
