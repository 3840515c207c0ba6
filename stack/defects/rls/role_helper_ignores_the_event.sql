-- What: has_role lost the line that compares the event: a role in one event counts in every event that is claimed.
-- Leak: organizer: insert, update, delete on public.participants, public.enrollments (claiming B; column-free)
-- Leak: organizer: insert, update, delete on public.sessions (claiming B; column-free)
-- Leak: organizer: select on public.audit_log (claiming B)
-- Red: test_member_stays_within_the_event[public.audit_log select]
-- Red: test_member_stays_within_the_event[public.enrollments delete]
-- Red: test_member_stays_within_the_event[public.enrollments insert]
-- Red: test_member_stays_within_the_event[public.enrollments update]
-- Red: test_member_stays_within_the_event[public.participants delete]
-- Red: test_member_stays_within_the_event[public.participants insert]
-- Red: test_member_stays_within_the_event[public.participants update]
-- Red: test_member_stays_within_the_event[public.sessions delete]
-- Red: test_member_stays_within_the_event[public.sessions insert]
-- Red: test_member_stays_within_the_event[public.sessions update]
-- Red: test_nothing_has_drifted[functions]
create or replace function private.has_role(event uuid, variadic roles text[]) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.event_members as member
        where member.user_id = (select auth.uid())
          and member.role = any (has_role.roles)
    )
$$;
