-- What: the policy asks whether the caller is in the named event, and forgets to compare the row with it.
-- Leak: organizer, assessor, participant, both: select on public.enrollments (in A)
-- Red: test_member_stays_within_the_event[public.enrollments select]
-- Red: test_nothing_has_drifted[policies]
alter policy "members read" on public.enrollments
    using ((select private.is_member(private.current_event_id())));
