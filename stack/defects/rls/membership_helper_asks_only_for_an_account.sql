-- What: for a demonstration is_member was made to ask only whether somebody is signed in, and was left that way.
-- Leak: outsider, organizer, assessor, participant: select on public.event_members (claiming B)
-- Leak: outsider, organizer, assessor, participant: select on public.participants, public.enrollments (claiming B)
-- Leak: outsider, organizer, assessor, participant: select on public.sessions, public.attendance (claiming B)
-- Leak: outsider, organizer, assessor, participant: select on public.event_roster (claiming B)
-- Red: test_everybody_keeps_the_approved_access[public.attendance]
-- Red: test_everybody_keeps_the_approved_access[public.enrollments]
-- Red: test_everybody_keeps_the_approved_access[public.event_members]
-- Red: test_everybody_keeps_the_approved_access[public.participants]
-- Red: test_everybody_keeps_the_approved_access[public.sessions]
-- Red: test_member_stays_within_the_event[public.attendance select]
-- Red: test_member_stays_within_the_event[public.enrollments select]
-- Red: test_member_stays_within_the_event[public.event_members select]
-- Red: test_member_stays_within_the_event[public.event_roster select]
-- Red: test_member_stays_within_the_event[public.participants select]
-- Red: test_member_stays_within_the_event[public.sessions select]
-- Red: test_nothing_has_drifted[functions]
-- Red: test_stranger_reaches_nothing[public.attendance outsider]
-- Red: test_stranger_reaches_nothing[public.enrollments outsider]
-- Red: test_stranger_reaches_nothing[public.event_members outsider]
-- Red: test_stranger_reaches_nothing[public.event_roster outsider]
-- Red: test_stranger_reaches_nothing[public.participants outsider]
-- Red: test_stranger_reaches_nothing[public.sessions outsider]
create or replace function private.is_member(event uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select auth.uid() is not null
$$;
