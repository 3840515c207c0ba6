-- What: the check on new decisions lost the line that ties decided_by to the caller.
-- Leak: organizer, assessor, both: insert on public.graduation_decisions (own event, decided_by is somebody else)
-- Red: test_nothing_has_drifted[policies]
alter policy "organizers and assessors decide in their own name" on public.graduation_decisions
    with check (
        enrollment_id in (select id from public.enrollments where event_id = (select private.current_event_id()))
        and (select private.has_role(private.current_event_id(), 'organizer', 'assessor'))
    );
