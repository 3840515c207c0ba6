-- What: EXECUTE was revoked from public, but the default grants gave it to the API's roles by name.
-- Leak: everybody: call of public.export_decisions() (any context)
-- Red: test_function_gives_a_stranger_nothing[public.export_decisions() *]
-- Red: test_function_keeps_a_member_within_the_event[public.export_decisions()]
-- Red: test_nothing_has_drifted[functions]
set role postgres;
create function public.export_decisions() returns setof public.graduation_decisions
language sql stable security definer set search_path = '' as $$
    select * from public.graduation_decisions
$$;
revoke execute on function public.export_decisions() from public;
