-- What: a registration form for visitors writes to the table itself, into whichever event it is told.
-- Leak: anonymous: insert on public.participants (any context)
-- Red: test_everybody_keeps_the_approved_access[public.participants]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.participants anonymous]
grant insert on public.participants to anon;
create policy "registration form" on public.participants for insert to anon with check (true);
