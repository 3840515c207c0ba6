-- What: RLS is switched on for a new table, and its policies are forgotten: members are locked out.
-- Red: test_table_has_a_policy[public.certificates]
set role postgres;
create table public.certificates (decision_id uuid primary key references public.graduation_decisions (id));
alter table public.certificates enable row level security;
