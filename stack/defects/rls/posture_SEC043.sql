-- What: last year's sessions were moved into a table that inherits from the one with RLS, and has none.
-- Red: test_everybody_keeps_the_approved_access[public.sessions_2025]
-- Red: test_member_stays_within_the_event[public.sessions_2025 select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC043]
-- Red: test_posture_rule_holds[SEC049]
-- Red: test_stranger_reaches_nothing[public.sessions_2025 outsider]
set role postgres;
create table public.sessions_2025 (primary key (id)) inherits (public.sessions);
revoke all on public.sessions_2025 from anon, authenticated;
grant select on public.sessions_2025 to authenticated;
