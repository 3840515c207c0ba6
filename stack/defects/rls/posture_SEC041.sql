-- What: a partitioned table has RLS, and its partition, which may be named directly, has none.
-- Red: test_everybody_keeps_the_approved_access[public.visits]
-- Red: test_everybody_keeps_the_approved_access[public.visits_2026]
-- Red: test_member_stays_within_the_event[public.visits_2026 select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC041]
-- Red: test_posture_rule_holds[SEC049]
-- Red: test_stranger_reaches_nothing[public.visits_2026 outsider]
set role postgres;
create table public.visits (event_id uuid not null, day date not null) partition by range (day);
create table public.visits_2026 partition of public.visits for values from ('2026-01-01') to ('2027-01-01');
revoke all on public.visits, public.visits_2026 from anon, authenticated;
grant select on public.visits, public.visits_2026 to authenticated;
alter table public.visits enable row level security;
create policy "members read" on public.visits for select to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.is_member(private.current_event_id()))
    );
