-- What: RLS is on for a partitioned table and off on its partition, which the API exposes too.
-- Red: test_rls_is_on[public.visits_2026]
set role postgres;
create table public.visits (event_id uuid not null, day date not null) partition by range (day);
create table public.visits_2026 partition of public.visits for values from ('2026-01-01') to ('2027-01-01');
alter table public.visits enable row level security;
create policy "nobody" on public.visits using (false);
create policy "nobody" on public.visits_2026 using (false);
