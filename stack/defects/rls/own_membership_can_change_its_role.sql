-- What: people may change their own membership, and the column granted for it is the role.
-- Leak: assessor, participant: update on public.event_members (one's own role, own event)
-- Leak: both: update on public.event_members (one's own role in B, in A)
-- Red: test_everybody_keeps_the_approved_access[public.event_members]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
grant update (role) on public.event_members to authenticated;
create policy "people change their membership" on public.event_members
    for update to authenticated using (user_id = (select auth.uid()));
