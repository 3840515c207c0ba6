-- What: events without members are shown to everybody, but NOT EXISTS sees only the memberships that the caller sees.
-- Leak: outsider, organizer, assessor, participant: select on public.events (any context)
-- Red: test_everybody_keeps_the_approved_access[public.events]
-- Red: test_member_stays_within_the_event[public.events select]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.events outsider]
create policy "new events are free to join" on public.events
    for select to authenticated
    using (not exists (select from public.event_members as member where member.event_id = events.id));
