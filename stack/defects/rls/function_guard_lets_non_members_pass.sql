-- What: the guard compares the caller's role, null for whoever is no member; default grants let anybody call it.
-- Leak: anonymous, outsider, organizer, assessor, participant: call of public.event_contacts(event of B) (any context)
-- Red: test_function_gives_a_stranger_nothing[public.event_contacts(event uuid) *]
-- Red: test_function_keeps_a_member_within_the_event[public.event_contacts(event uuid)]
-- Red: test_nothing_has_drifted[functions]
set role postgres;
create function public.event_contacts(event uuid) returns table (full_name text, email text)
language plpgsql stable security definer set search_path = '' as $$
begin
    if (
        select member.role from public.event_members as member
        where member.event_id = event and member.user_id = auth.uid()
    ) <> 'organizer' then
        raise exception 'organizers only' using errcode = 'insufficient_privilege';
    end if;
    return query
        select participant.full_name, participant.email
        from public.participants as participant where participant.event_id = event;
end
$$;
