-- What: organizers were to manage the members of their event; the policy looks at the caller and not at the row.
-- Leak: organizer, both: select, insert, update, delete, move on public.event_members (in A)
-- Red: test_everybody_keeps_the_approved_access[public.event_members]
-- Red: test_member_stays_within_the_event[public.event_members *]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
grant insert, update, delete on public.event_members to authenticated;
create policy "organizers manage members" on public.event_members
    for all to authenticated using ((select private.has_role(private.current_event_id(), 'organizer')));
