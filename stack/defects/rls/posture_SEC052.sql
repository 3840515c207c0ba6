-- What: the accounts are shown to the front end through a view.
-- Red: test_everybody_keeps_the_approved_access[public.accounts]
-- Red: test_member_stays_within_the_event[public.accounts select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC052]
-- Red: test_posture_rule_holds[view_runs_as_owner]
-- Red: test_stranger_reaches_nothing[public.accounts outsider]
set role postgres;
create view public.accounts as select id, email from auth.users;
revoke all on public.accounts from anon, authenticated;
grant select on public.accounts to authenticated;
