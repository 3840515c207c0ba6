-- What: the memberships' policy reads the memberships: every query that touches them ends in 42P17.
-- Leak: none; locked out: everybody signed in: select on public.event_members, public.events (42P17)
-- Red: test_everybody_keeps_the_approved_access[public.event_members]
-- Red: test_everybody_keeps_the_approved_access[public.events]
-- Red: test_nothing_has_drifted[policies]
-- Unverified: test_member_stays_within_the_event[public.event_members delete]
-- Unverified: test_member_stays_within_the_event[public.event_members select]
-- Unverified: test_member_stays_within_the_event[public.event_members update]
-- Unverified: test_member_stays_within_the_event[public.events *]
-- Unverified: test_stranger_reaches_nothing[public.event_members outsider]
-- Unverified: test_stranger_reaches_nothing[public.events outsider]
alter policy "people read their own memberships, members those of the event" on public.event_members
    using (event_id in (select event_id from public.event_members where user_id = (select auth.uid())));
