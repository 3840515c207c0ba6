-- What: the helper takes it that a person is in one event: for those in two it raises P0003.
-- Leak: none; locked out: both: select on public.participants, public.enrollments, public.sessions (P0003)
-- Leak: none; locked out: both: select on public.attendance, public.event_members, public.event_roster (P0003)
-- Leak: none; locked out: both: select on public.graduation_decisions, public.decision_summary (P0003)
-- Red: test_everybody_keeps_the_approved_access[public.attendance]
-- Red: test_everybody_keeps_the_approved_access[public.decision_summary]
-- Red: test_everybody_keeps_the_approved_access[public.enrollments]
-- Red: test_everybody_keeps_the_approved_access[public.event_members]
-- Red: test_everybody_keeps_the_approved_access[public.event_roster]
-- Red: test_everybody_keeps_the_approved_access[public.graduation_decisions]
-- Red: test_everybody_keeps_the_approved_access[public.participants]
-- Red: test_everybody_keeps_the_approved_access[public.sessions]
-- Red: test_nothing_has_drifted[functions]
-- Unverified: test_member_stays_within_the_event[public.attendance *]
-- Unverified: test_member_stays_within_the_event[public.decision_summary select]
-- Unverified: test_member_stays_within_the_event[public.enrollments delete]
-- Unverified: test_member_stays_within_the_event[public.enrollments move]
-- Unverified: test_member_stays_within_the_event[public.enrollments select]
-- Unverified: test_member_stays_within_the_event[public.enrollments update]
-- Unverified: test_member_stays_within_the_event[public.event_roster select]
-- Unverified: test_member_stays_within_the_event[public.graduation_decisions insert]
-- Unverified: test_member_stays_within_the_event[public.graduation_decisions select]
-- Unverified: test_member_stays_within_the_event[public.participants move]
-- Unverified: test_member_stays_within_the_event[public.participants update]
-- Unverified: test_member_stays_within_the_event[public.sessions delete]
-- Unverified: test_member_stays_within_the_event[public.sessions move]
-- Unverified: test_member_stays_within_the_event[public.sessions select]
-- Unverified: test_member_stays_within_the_event[public.sessions update]
create or replace function private.is_member(event uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
    own public.event_members;
begin
    select * into strict own from public.event_members where user_id = (select auth.uid());
    return own.event_id = event;
exception
    when no_data_found then
        return false;
end
$$;
