-- What: the function's guard is for signed-in people; for visitors, whom default grants let call it, it is skipped.
-- Leak: anonymous: call of public.event_programme(event of B) (any context)
-- Red: test_function_gives_a_stranger_nothing[public.event_programme(event uuid) anonymous]
-- Red: test_nothing_has_drifted[functions]
set role postgres;
create function public.event_programme(event uuid) returns setof public.sessions
language plpgsql stable security definer set search_path = '' as $$
begin
    if auth.uid() is not null and not private.is_member(event) then
        raise exception 'not a member of this event' using errcode = 'insufficient_privilege';
    end if;
    return query select * from public.sessions as session where session.event_id = event;
end
$$;
