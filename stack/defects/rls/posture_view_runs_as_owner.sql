-- What: a view was made anew without security_invoker.
-- Red: test_everybody_keeps_the_approved_access[public.event_roster]
-- Red: test_member_stays_within_the_event[public.event_roster select]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[view_runs_as_owner]
-- Red: test_stranger_reaches_nothing[public.event_roster outsider]
set role postgres;
alter view public.event_roster reset (security_invoker);
