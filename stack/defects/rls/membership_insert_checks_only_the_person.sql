-- What: people join an event by adding their own membership; event and role are theirs to choose.
-- Leak: everybody signed in: insert on public.event_members (own membership in any event, with any role)
-- Red: test_everybody_keeps_the_approved_access[public.event_members]
-- Red: test_member_stays_within_the_event[public.event_members insert]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.event_members outsider]
grant insert on public.event_members to authenticated;
create policy "people join" on public.event_members
    for insert to authenticated with check (user_id = (select auth.uid()));
