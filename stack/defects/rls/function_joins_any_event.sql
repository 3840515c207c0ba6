-- What: a security definer function makes the caller a member of the event that it is given, without an invitation.
-- Leak: outsider, organizer, assessor, participant: call of public.join_event(event of B) (makes a membership)
-- Red: test_function_gives_a_stranger_nothing[public.join_event(event uuid) outsider]
-- Red: test_function_keeps_a_member_within_the_event[public.join_event(event uuid)]
-- Red: test_nothing_has_drifted[functions]
set role postgres;
create function public.join_event(event uuid) returns void
language sql security definer set search_path = '' as $$
    insert into public.event_members (event_id, user_id, role)
    values (join_event.event, auth.uid(), 'participant')
    on conflict do nothing
$$;
revoke execute on function public.join_event(uuid) from public, anon;
