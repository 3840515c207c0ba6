-- What: a policy lets everybody through who has no identity, as a check for "not signed in yet" does.
-- Red: test_nothing_has_drifted[policies]
-- Red: test_posture_rule_holds[SEC004]
create policy "visitors see the roster" on public.participants
    for select to anon using ((select auth.uid()) is null or event_id = (select private.current_event_id()));
