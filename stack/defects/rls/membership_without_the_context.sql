-- What: the policy asks for membership in the row's event and not for the event that the request names.
-- Leak: both: select on public.sessions (in A)
-- Red: test_member_stays_within_the_event[public.sessions select]
-- Red: test_nothing_has_drifted[policies]
alter policy "members read" on public.sessions
    using ((select private.is_member(event_id)));
