-- What: RLS is switched off on a table, as happens in a hurried repair.
-- Red: test_rls_is_on[public.enrollments]
-- Red: test_member_of_two_events_gets_the_one_named[GET /enrollments]
alter table public.enrollments disable row level security;
