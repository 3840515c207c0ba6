-- What: the hook that puts memberships into tokens stands in public: default grants let everybody call it.
-- Leak: everybody: call of public.custom_access_token({"user_id": organizer of B, "claims": {}})
-- Red: test_function_gives_a_stranger_nothing[public.custom_access_token(event jsonb) *]
-- Red: test_function_keeps_a_member_within_the_event[public.custom_access_token(event jsonb)]
-- Red: test_nothing_has_drifted[functions]
set role postgres;
create function public.custom_access_token(event jsonb) returns jsonb
language sql stable security definer set search_path = '' as $$
    select jsonb_set(event, '{claims,memberships}', coalesce(jsonb_agg(to_jsonb(member)), '[]'))
    from public.event_members as member
    where member.user_id = (event ->> 'user_id')::uuid
$$;
