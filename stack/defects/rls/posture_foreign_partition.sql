-- What: old rows of a partitioned table with RLS are kept on another server.
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[foreign_partition]
-- Unverified: test_member_stays_within_the_event[public.visits *]
-- Unverified: test_member_stays_within_the_event[public.visits_2025 select]
-- Unverified: test_stranger_reaches_nothing[public.visits *]
-- Unverified: test_stranger_reaches_nothing[public.visits_2025 *]
create foreign data wrapper dummy;
create server elsewhere foreign data wrapper dummy;
set role postgres;
create table public.visits (event_id uuid not null, day date not null) partition by range (day);
revoke all on public.visits from anon, authenticated;
grant select, insert on public.visits to authenticated;
alter table public.visits enable row level security;
create policy "members" on public.visits to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.is_member(private.current_event_id()))
    );
reset role;
create foreign table public.visits_2025 partition of public.visits
    for values from ('2025-01-01') to ('2026-01-01') server elsewhere;
revoke all on public.visits_2025 from anon, authenticated;
