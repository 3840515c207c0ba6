-- What: the import was refused, so the INSERT check became true and was left that way.
-- Leak: everybody signed in: insert on public.participants (any context)
-- Red: test_everybody_keeps_the_approved_access[public.participants]
-- Red: test_member_stays_within_the_event[public.participants insert]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.participants outsider]
alter policy "organizers add" on public.participants with check (true);
