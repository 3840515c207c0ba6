-- What: the event is read from user_metadata of the token, which people change themselves.
-- Leak: everybody signed in: select on public.participants, public.event_roster (claim user_metadata.event_id = B)
-- Red: test_everybody_keeps_the_approved_access[public.participants]
-- Red: test_member_stays_within_the_event[public.event_roster select]
-- Red: test_member_stays_within_the_event[public.participants select]
-- Red: test_nothing_has_drifted[functions]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_posture_rule_holds[user_metadata_in_policy]
-- Red: test_stranger_reaches_nothing[public.event_roster outsider]
-- Red: test_stranger_reaches_nothing[public.participants outsider]
create policy "members of the event in the token read" on public.participants
    for select to authenticated
    using (event_id = ((select auth.jwt()) -> 'user_metadata' ->> 'event_id')::uuid);
