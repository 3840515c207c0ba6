-- What: a security definer function lists the participants of all events, and default grants let everybody call it.
-- Leak: everybody: call of public.list_participants() (any context)
-- Red: test_function_gives_a_stranger_nothing[public.list_participants() *]
-- Red: test_function_keeps_a_member_within_the_event[public.list_participants()]
-- Red: test_nothing_has_drifted[functions]
set role postgres;
create function public.list_participants() returns setof public.participants
language sql stable security definer set search_path = '' as $$
    select * from public.participants order by full_name
$$;
