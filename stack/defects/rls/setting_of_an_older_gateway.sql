-- What: the helper reads the header as PostgREST once handed it over, a setting that is no more: 42704.
-- Leak: none; locked out: every member: select on public.participants, public.enrollments (42704)
-- Leak: none; locked out: every member: select on public.sessions, public.attendance (42704)
-- Leak: none; locked out: every member: select on public.event_members, public.event_roster (42704)
-- Leak: none; locked out: organizer, assessor, both: select on public.graduation_decisions (42704)
-- Leak: none; locked out: organizer, both: select on public.audit_log (42704)
-- Red: test_everybody_keeps_the_approved_access[public.attendance]
-- Red: test_everybody_keeps_the_approved_access[public.audit_log]
-- Red: test_everybody_keeps_the_approved_access[public.decision_summary]
-- Red: test_everybody_keeps_the_approved_access[public.enrollments]
-- Red: test_everybody_keeps_the_approved_access[public.event_members]
-- Red: test_everybody_keeps_the_approved_access[public.event_roster]
-- Red: test_everybody_keeps_the_approved_access[public.graduation_decisions]
-- Red: test_everybody_keeps_the_approved_access[public.participants]
-- Red: test_everybody_keeps_the_approved_access[public.sessions]
-- Red: test_nothing_has_drifted[functions]
-- Unverified: test_member_stays_within_the_event[public.attendance *]
-- Unverified: test_member_stays_within_the_event[public.audit_log select]
-- Unverified: test_member_stays_within_the_event[public.decision_summary select]
-- Unverified: test_member_stays_within_the_event[public.enrollments *]
-- Unverified: test_member_stays_within_the_event[public.event_members select]
-- Unverified: test_member_stays_within_the_event[public.event_roster select]
-- Unverified: test_member_stays_within_the_event[public.graduation_decisions insert]
-- Unverified: test_member_stays_within_the_event[public.graduation_decisions select]
-- Unverified: test_member_stays_within_the_event[public.participants *]
-- Unverified: test_member_stays_within_the_event[public.sessions *]
-- Unverified: test_stranger_reaches_nothing[public.attendance outsider]
-- Unverified: test_stranger_reaches_nothing[public.audit_log outsider]
-- Unverified: test_stranger_reaches_nothing[public.decision_summary outsider]
-- Unverified: test_stranger_reaches_nothing[public.enrollments outsider]
-- Unverified: test_stranger_reaches_nothing[public.event_members outsider]
-- Unverified: test_stranger_reaches_nothing[public.event_roster outsider]
-- Unverified: test_stranger_reaches_nothing[public.graduation_decisions outsider]
-- Unverified: test_stranger_reaches_nothing[public.participants outsider]
-- Unverified: test_stranger_reaches_nothing[public.sessions outsider]
create or replace function private.current_event_id() returns uuid
language sql stable set search_path = '' as $$
    select current_setting('request.header.x-event-id')::uuid
$$;
