-- What: the check on the new row was set to true, because it seemed to repeat what USING says.
-- Leak: organizer, assessor, both: move on public.attendance (in A; column-free, a WHERE hides it)
-- Red: test_member_stays_within_the_event[public.attendance move]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_posture_rule_holds[SEC020]
alter policy "organizers and assessors change" on public.attendance with check (true);
