-- What: title and date of sessions were granted to visitors for a public timetable; the policy shows every row.
-- Leak: anonymous: select on public.sessions (any context; only columns title and held_on, no key and no event)
-- Red: test_everybody_keeps_the_approved_access[public.sessions]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_posture_rule_holds[SEC049]
-- Red: test_stranger_reaches_nothing[public.sessions anonymous]
grant select (title, held_on) on public.sessions to anon;
create policy "public timetable" on public.sessions for select to anon using (true);
