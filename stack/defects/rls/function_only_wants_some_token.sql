-- What: a shared link carries a token; the function, open to everybody by default grants, does not compare it.
-- Leak: everybody: call of public.shared_programme(event of B, any uuid)
-- Red: test_everybody_keeps_the_approved_access[public.programme_links]
-- Red: test_function_gives_a_stranger_nothing[public.shared_programme(event uuid, token uuid) *]
-- Red: test_function_keeps_a_member_within_the_event[public.shared_programme(event uuid, token uuid)]
-- Red: test_nothing_has_drifted[functions]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_nothing_has_drifted[relations]
set role postgres;
create table public.programme_links (
    event_id uuid primary key references public.events (id),
    token uuid not null default gen_random_uuid()
);
insert into public.programme_links (event_id) select id from public.events;
revoke all on public.programme_links from anon, authenticated;
grant select on public.programme_links to authenticated;
alter table public.programme_links enable row level security;
create policy "organizers read" on public.programme_links
    for select to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    );
create function public.shared_programme(event uuid, token uuid) returns setof public.sessions
language sql stable security definer set search_path = '' as $$
    select session.*
    from public.sessions as session
    join public.programme_links as link on link.event_id = session.event_id
    where link.event_id = shared_programme.event and shared_programme.token is not null
$$;
