-- What: visitors may suggest a missing province, and the suggestion is the list itself.
-- Leak: anonymous: insert on public.provinces (any context)
-- Red: test_everybody_keeps_the_approved_access[public.provinces]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.provinces anonymous]
grant insert on public.provinces to anon;
create policy "visitors suggest" on public.provinces for insert to anon with check (true);
