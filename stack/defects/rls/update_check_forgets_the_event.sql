-- What: the check on the new row asks for the role and no longer for the event.
-- Leak: organizer, both: move on public.sessions (in A; column-free, a WHERE hides it)
-- Red: test_member_stays_within_the_event[public.sessions move]
-- Red: test_nothing_has_drifted[policies]
alter policy "organizers change" on public.sessions
    with check ((select private.has_role(private.current_event_id(), 'organizer')));
