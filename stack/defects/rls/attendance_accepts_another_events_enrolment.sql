-- What: the check on new attendance looks at the session alone, so it may point at another event's enrolment.
-- Leak: organizer, assessor, both: insert on public.attendance (in A; a session of A with an enrolment of B)
-- Red: test_member_stays_within_the_event[public.attendance insert]
-- Red: test_nothing_has_drifted[policies]
alter policy "organizers and assessors add" on public.attendance
    with check (
        session_id in (select id from public.sessions where event_id = (select private.current_event_id()))
        and (select private.has_role(private.current_event_id(), 'organizer', 'assessor'))
    );
