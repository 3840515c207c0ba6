-- What: for a public page with the number of participants, enrolments were opened to visitors who are not signed in.
-- Leak: anonymous: select on public.enrollments (any context)
-- Red: test_everybody_keeps_the_approved_access[public.enrollments]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_posture_rule_holds[SEC049]
-- Red: test_stranger_reaches_nothing[public.enrollments anonymous]
grant select on public.enrollments to anon;
create policy "public page counts" on public.enrollments for select to anon using (true);
