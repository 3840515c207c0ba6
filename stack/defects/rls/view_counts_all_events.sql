-- What: a view for the start page counts all decisions as the owner, without their event; default grants open it.
-- Leak: everybody: select on public.graduation_rate (totals of A and B, no event column)
-- Red: test_everybody_keeps_the_approved_access[public.graduation_rate]
-- Red: test_member_stays_within_the_event[public.graduation_rate select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[view_runs_as_owner]
-- Red: test_stranger_reaches_nothing[public.graduation_rate *]
set role postgres;
create view public.graduation_rate as
    select outcome, count(*) as decisions from public.graduation_decisions group by outcome;
