-- What: attendance may be changed by the staff of its session's event, whichever event the request is in.
-- Leak: both: update, move on public.attendance (in A; column-free, a WHERE hides it)
-- Red: test_member_stays_within_the_event[public.attendance move]
-- Red: test_member_stays_within_the_event[public.attendance update]
-- Red: test_nothing_has_drifted[functions]
-- Red: test_nothing_has_drifted[policies]
create function private.event_of_session(session uuid) returns uuid
language sql stable security definer set search_path = '' as $$
    select event_id from public.sessions where id = session
$$;
revoke execute on function private.event_of_session(uuid) from public;
grant execute on function private.event_of_session(uuid) to authenticated;
alter policy "organizers and assessors change" on public.attendance
    using (private.has_role(private.event_of_session(session_id), 'organizer', 'assessor'))
    with check (private.has_role(private.event_of_session(session_id), 'organizer', 'assessor'));
