-- What: the check on the new row asks for membership in the row's event, and not that it is the request's event.
-- Leak: both: move on public.sessions (in A; column-free, a WHERE hides it)
-- Red: test_member_stays_within_the_event[public.sessions move]
-- Red: test_nothing_has_drifted[policies]
alter policy "organizers change" on public.sessions with check (private.is_member(event_id));
