-- What: one column of decisions may be corrected by the staff; the policy does not say of which event.
-- Leak: organizer, assessor, both: update on public.graduation_decisions (in A; only column note; column-free)
-- Red: test_everybody_keeps_the_approved_access[public.graduation_decisions]
-- Red: test_member_stays_within_the_event[public.graduation_decisions update]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
grant update (note) on public.graduation_decisions to authenticated;
create policy "staff corrects notes" on public.graduation_decisions
    for update to authenticated
    using ((select private.has_role(private.current_event_id(), 'organizer', 'assessor')));
