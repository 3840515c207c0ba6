-- What: the check on new decisions asks for membership instead of the role: participants let themselves pass.
-- Leak: participant: insert on public.graduation_decisions (own event)
-- Red: test_everybody_keeps_the_approved_access[public.graduation_decisions]
-- Red: test_nothing_has_drifted[policies]
alter policy "organizers and assessors decide in their own name" on public.graduation_decisions
    with check (
        enrollment_id in (select id from public.enrollments where event_id = (select private.current_event_id()))
        and (select private.is_member(private.current_event_id()))
        and decided_by = (select auth.uid())
    );
