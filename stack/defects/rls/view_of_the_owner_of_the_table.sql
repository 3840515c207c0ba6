-- What: a role without BYPASSRLS was made to own a view; it also owns the table, and without FORCE no policy binds it.
-- Leak: everybody signed in: select on public.attendance_list (any context)
-- Red: test_everybody_keeps_the_approved_access[public.attendance_list]
-- Red: test_member_stays_within_the_event[public.attendance_list select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[view_runs_as_owner]
-- Red: test_stranger_reaches_nothing[public.attendance_list outsider]
create role training_owner nologin;
alter table public.attendance owner to training_owner;
create view public.attendance_list as
    select session_id, enrollment_id, present from public.attendance;
alter view public.attendance_list owner to training_owner;
revoke all on public.attendance_list from anon, authenticated;
grant select on public.attendance_list to authenticated;
