-- What: the policy compares the row with the event that the header names, and nobody asks whether the caller is in it.
-- Leak: outsider, organizer, assessor, participant: select on public.participants, public.event_roster (claiming B)
-- Red: test_everybody_keeps_the_approved_access[public.participants]
-- Red: test_member_stays_within_the_event[public.event_roster select]
-- Red: test_member_stays_within_the_event[public.participants select]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.event_roster outsider]
-- Red: test_stranger_reaches_nothing[public.participants outsider]
alter policy "members read" on public.participants
    using (event_id = (select private.current_event_id()));
