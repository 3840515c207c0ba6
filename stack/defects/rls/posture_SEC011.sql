-- What: a policy kept the OR true of an afternoon's debugging.
-- Red: test_everybody_keeps_the_approved_access[public.sessions]
-- Red: test_member_stays_within_the_event[public.sessions select]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_posture_rule_holds[SEC011]
-- Red: test_stranger_reaches_nothing[public.sessions outsider]
set role postgres;
drop policy "members read" on public.sessions;
create policy "members read" on public.sessions
    for select to authenticated using (event_id = (select private.current_event_id()) or true);
