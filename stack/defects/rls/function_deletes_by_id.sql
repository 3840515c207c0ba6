-- What: a security definer function removes the session with the given id; default grants let everybody call it.
-- Leak: everybody: call of public.remove_session(session of B) (any context)
-- Red: test_function_gives_a_stranger_nothing[public.remove_session(session uuid) *]
-- Red: test_function_keeps_a_member_within_the_event[public.remove_session(session uuid)]
-- Red: test_nothing_has_drifted[functions]
set role postgres;
create function public.remove_session(session uuid) returns void
language sql security definer set search_path = '' as $$
    delete from public.attendance where session_id = remove_session.session;
    delete from public.sessions where id = remove_session.session;
$$;
