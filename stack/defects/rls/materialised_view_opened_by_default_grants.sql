-- What: a slow view was materialised: no policy can hold on it, and default grants open it to everybody.
-- Leak: everybody: select on public.roster_cached (any context)
-- Red: test_member_stays_within_the_event[public.roster_cached select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC054]
-- Red: test_stranger_reaches_nothing[public.roster_cached *]
set role postgres;
create materialized view public.roster_cached as select * from public.event_roster;
