-- What: the first member of an event may add himself, but the helper looks for others under the caller's own RLS.
-- Leak: outsider, organizer, assessor, participant: insert on public.event_members (own membership in B, any role)
-- Red: test_everybody_keeps_the_approved_access[public.event_members]
-- Red: test_member_stays_within_the_event[public.event_members insert]
-- Red: test_nothing_has_drifted[functions]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.event_members outsider]
create function private.has_members(event uuid) returns boolean
language sql stable set search_path = '' as $$
    select exists (select from public.event_members as member where member.event_id = has_members.event)
$$;
revoke execute on function private.has_members(uuid) from public;
grant execute on function private.has_members(uuid) to authenticated;
grant insert on public.event_members to authenticated;
create policy "first member joins" on public.event_members
    for insert to authenticated
    with check (user_id = (select auth.uid()) and not private.has_members(event_id));
