-- What: a security definer trigger puts a new session into all events, for what they have in common.
-- Leak: organizer, both: insert on public.sessions (in A; a row of A makes one in B)
-- Red: test_member_stays_within_the_event[public.sessions delete]
-- Red: test_member_stays_within_the_event[public.sessions select]
-- Red: test_member_stays_within_the_event[public.sessions update]
-- Red: test_nothing_has_drifted[functions]
-- Red: test_nothing_has_drifted[relations]
set role postgres;
create function private.share_session() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into public.sessions (event_id, title, held_on)
    select id, new.title, new.held_on from public.events where id <> new.event_id;
    return null;
end
$$;
revoke execute on function private.share_session() from public;
create trigger share_session after insert on public.sessions
    for each row when (pg_trigger_depth() = 0) execute function private.share_session();
