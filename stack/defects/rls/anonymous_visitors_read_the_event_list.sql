-- What: the sign-in page shows the events to choose from, so the list was opened to visitors.
-- Leak: anonymous: select on public.events (any context)
-- Red: test_everybody_keeps_the_approved_access[public.events]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_posture_rule_holds[SEC049]
-- Red: test_stranger_reaches_nothing[public.events anonymous]
grant select on public.events to anon;
create policy "sign-in page lists events" on public.events for select to anon using (true);
