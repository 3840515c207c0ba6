-- What: a policy for a clean-up script deletes everything, and it is for signed-in people, not for the script's role.
-- Leak: everybody signed in: delete on public.attendance (any context; column-free)
-- Red: test_everybody_keeps_the_approved_access[public.attendance]
-- Red: test_member_stays_within_the_event[public.attendance delete]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.attendance outsider]
create policy "clean-up script" on public.attendance for delete to authenticated using (true);
