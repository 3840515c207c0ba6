-- What: the helper was deployed before the column that it reads: 42703 wherever a policy asks for a role.
-- Leak: none; locked out: organizer, assessor, both: select on public.graduation_decisions (42703)
-- Leak: none; locked out: organizer, assessor, both: insert on public.attendance (42703)
-- Leak: none; locked out: organizer, both: select on public.audit_log (42703)
-- Leak: none; locked out: organizer, both: insert on public.participants, public.enrollments, public.sessions (42703)
-- Red: test_everybody_keeps_the_approved_access[public.attendance]
-- Red: test_everybody_keeps_the_approved_access[public.audit_log]
-- Red: test_everybody_keeps_the_approved_access[public.decision_summary]
-- Red: test_everybody_keeps_the_approved_access[public.enrollments]
-- Red: test_everybody_keeps_the_approved_access[public.graduation_decisions]
-- Red: test_everybody_keeps_the_approved_access[public.participants]
-- Red: test_everybody_keeps_the_approved_access[public.sessions]
-- Red: test_nothing_has_drifted[functions]
-- Unverified: test_member_stays_within_the_event[public.attendance delete]
-- Unverified: test_member_stays_within_the_event[public.attendance insert]
-- Unverified: test_member_stays_within_the_event[public.attendance move]
-- Unverified: test_member_stays_within_the_event[public.attendance update]
-- Unverified: test_member_stays_within_the_event[public.audit_log select]
-- Unverified: test_member_stays_within_the_event[public.decision_summary select]
-- Unverified: test_member_stays_within_the_event[public.enrollments delete]
-- Unverified: test_member_stays_within_the_event[public.enrollments insert]
-- Unverified: test_member_stays_within_the_event[public.enrollments move]
-- Unverified: test_member_stays_within_the_event[public.enrollments update]
-- Unverified: test_member_stays_within_the_event[public.graduation_decisions insert]
-- Unverified: test_member_stays_within_the_event[public.graduation_decisions select]
-- Unverified: test_member_stays_within_the_event[public.participants delete]
-- Unverified: test_member_stays_within_the_event[public.participants insert]
-- Unverified: test_member_stays_within_the_event[public.participants move]
-- Unverified: test_member_stays_within_the_event[public.participants update]
-- Unverified: test_member_stays_within_the_event[public.sessions delete]
-- Unverified: test_member_stays_within_the_event[public.sessions insert]
-- Unverified: test_member_stays_within_the_event[public.sessions move]
-- Unverified: test_member_stays_within_the_event[public.sessions update]
-- Unverified: test_stranger_reaches_nothing[public.attendance outsider]
-- Unverified: test_stranger_reaches_nothing[public.audit_log outsider]
-- Unverified: test_stranger_reaches_nothing[public.decision_summary outsider]
-- Unverified: test_stranger_reaches_nothing[public.enrollments outsider]
-- Unverified: test_stranger_reaches_nothing[public.graduation_decisions outsider]
-- Unverified: test_stranger_reaches_nothing[public.participants outsider]
-- Unverified: test_stranger_reaches_nothing[public.sessions outsider]
create or replace function private.has_role(event uuid, variadic roles text[]) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
    return exists (
        select from public.event_members as member
        where member.event_id = has_role.event
          and member.user_id = (select auth.uid())
          and member.role = any (has_role.roles)
          and member.left_at is null
    );
end
$$;
