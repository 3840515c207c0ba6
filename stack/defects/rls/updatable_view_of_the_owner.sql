-- What: a simple view without security_invoker is updatable, and default grants open it for writing to everybody.
-- Leak: everybody: select, insert, update, delete, move on public.session_list
-- Red: test_everybody_keeps_the_approved_access[public.session_list]
-- Red: test_member_stays_within_the_event[public.session_list *]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[view_runs_as_owner]
-- Red: test_stranger_reaches_nothing[public.session_list *]
set role postgres;
create view public.session_list as
    select id, event_id, title, held_on from public.sessions;
