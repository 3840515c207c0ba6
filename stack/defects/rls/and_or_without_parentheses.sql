-- What: the policy was extended by "or organizers" without parentheses, so for organizers the event is not compared.
-- Leak: organizer, both: select on public.participants, public.event_roster (in A)
-- Red: test_member_stays_within_the_event[public.event_roster select]
-- Red: test_member_stays_within_the_event[public.participants select]
-- Red: test_nothing_has_drifted[policies]
alter policy "members read" on public.participants
    using (
        event_id = (select private.current_event_id())
        and (select private.is_member(private.current_event_id()))
        or (select private.has_role(private.current_event_id(), 'organizer'))
    );
