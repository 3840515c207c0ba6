-- What: a new table is made without RLS: Supabase's default privileges open it to everybody.
-- Red: test_rls_is_on[public.feedback]
-- Red: test_table_has_a_policy[public.feedback]
set role postgres;
create table public.feedback (id uuid primary key default gen_random_uuid(), event_id uuid not null, content text);
