-- What: a view was made with security_barrier, which was taken for what makes RLS hold.
-- Leak: everybody signed in: select on public.decision_list (any context)
-- Red: test_everybody_keeps_the_approved_access[public.decision_list]
-- Red: test_member_stays_within_the_event[public.decision_list select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[view_runs_as_owner]
-- Red: test_stranger_reaches_nothing[public.decision_list outsider]
set role postgres;
create view public.decision_list with (security_barrier = true) as
    select enrollment.event_id, enrollment.participant_id, decision.outcome, decision.note
    from public.graduation_decisions as decision
    join public.enrollments as enrollment on enrollment.id = decision.enrollment_id;
revoke all on public.decision_list from anon, authenticated;
grant select on public.decision_list to authenticated;
