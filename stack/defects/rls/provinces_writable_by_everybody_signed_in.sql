-- What: provinces are public, so all commands were granted, under a policy that allows all of them.
-- Leak: everybody signed in: insert, update, delete on public.provinces (any context)
-- Red: test_everybody_keeps_the_approved_access[public.provinces]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.provinces outsider]
grant insert, update, delete on public.provinces to authenticated;
create policy "provinces are public" on public.provinces for all to authenticated using (true) with check (true);
