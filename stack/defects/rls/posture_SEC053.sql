-- What: a foreign table stands in the exposed schema, open to everybody who is signed in.
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC053]
-- Unverified: test_member_stays_within_the_event[public.payments select]
-- Unverified: test_stranger_reaches_nothing[public.payments *]
create foreign data wrapper dummy;
create server elsewhere foreign data wrapper dummy;
create foreign table public.payments (id uuid, event_id uuid, amount numeric) server elsewhere;
revoke all on public.payments from anon, authenticated;
grant select on public.payments to authenticated;
