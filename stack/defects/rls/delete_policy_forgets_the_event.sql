-- What: the DELETE policy asks for the role in the named event and does not compare the row with it.
-- Leak: organizer, assessor, both: delete on public.attendance (in A; column-free, a WHERE hides it)
-- Red: test_member_stays_within_the_event[public.attendance delete]
-- Red: test_nothing_has_drifted[policies]
alter policy "organizers and assessors remove" on public.attendance
    using ((select private.has_role(private.current_event_id(), 'organizer', 'assessor')));
