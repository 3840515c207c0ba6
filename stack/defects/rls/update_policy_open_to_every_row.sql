-- What: the UPDATE policy is open and thought to be harmless, because the SELECT policy hides the rows from a WHERE.
-- Leak: everybody signed in: update, move on public.sessions (any context; column-free)
-- Red: test_everybody_keeps_the_approved_access[public.sessions]
-- Red: test_member_stays_within_the_event[public.sessions move]
-- Red: test_member_stays_within_the_event[public.sessions update]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.sessions outsider]
alter policy "organizers change" on public.sessions using (true) with check (true);
