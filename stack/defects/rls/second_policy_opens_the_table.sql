-- What: a second policy was added so that everybody finds the assessors; permissive policies are joined by OR.
-- Leak: everybody signed in: select on public.event_members (assessors of B, any context)
-- Red: test_everybody_keeps_the_approved_access[public.event_members]
-- Red: test_member_stays_within_the_event[public.event_members select]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.event_members outsider]
create policy "assessors are known" on public.event_members
    for select to authenticated using (role = 'assessor');
