-- What: RLS was switched off on the public table, and its privileges restored wholesale.
-- Red: test_everybody_keeps_the_approved_access[public.provinces]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC032]
-- Red: test_posture_rule_holds[public_table_writable]
-- Red: test_stranger_reaches_nothing[public.provinces *]
set role postgres;
alter table public.provinces disable row level security;
grant all on public.provinces to anon, authenticated;
