-- What: attendance is read by the members of its session's event: the join names the membership, not the context.
-- Leak: both: select on public.attendance (in A)
-- Red: test_member_stays_within_the_event[public.attendance select]
-- Red: test_nothing_has_drifted[functions]
-- Red: test_nothing_has_drifted[policies]
create function private.sessions_of_my_events() returns setof uuid
language sql stable security definer set search_path = '' as $$
    select session.id
    from public.sessions as session
    join public.event_members as member on member.event_id = session.event_id
    where member.user_id = (select auth.uid())
$$;
revoke execute on function private.sessions_of_my_events() from public;
grant execute on function private.sessions_of_my_events() to authenticated;
alter policy "members read" on public.attendance
    using (session_id in (select private.sessions_of_my_events()));
