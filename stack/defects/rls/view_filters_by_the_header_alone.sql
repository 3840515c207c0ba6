-- What: an owner's view shows the event that the header names; it asks neither who the caller is nor what is written.
-- Leak: outsider, organizer, assessor, participant: select, update on public.current_attendance (claiming B)
-- Leak: outsider, organizer, assessor, participant: delete on public.current_attendance (claiming B)
-- Leak: everybody signed in: insert on public.current_attendance (any context)
-- Leak: everybody signed in: move on public.current_attendance (in A)
-- Red: test_everybody_keeps_the_approved_access[public.current_attendance]
-- Red: test_member_stays_within_the_event[public.current_attendance *]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_stranger_reaches_nothing[public.current_attendance outsider]
set role postgres;
create view public.current_attendance as
    select id, session_id, enrollment_id, present from public.attendance
    where session_id in (select id from public.sessions where event_id = (select private.current_event_id()));
revoke all on public.current_attendance from anon;
