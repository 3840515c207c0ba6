-- What: UPDATE checks the new row with care and the old one not at all, so another event's row can be made one's own.
-- Leak: organizer, both: update on public.sessions (in A; column-free, sets event_id of B's rows to A)
-- Red: test_member_stays_within_the_event[public.sessions update]
-- Red: test_nothing_has_drifted[policies]
alter policy "organizers change" on public.sessions
    using ((select private.has_role(private.current_event_id(), 'organizer')));
