-- What: inside the subquery the unqualified id is the subquery's own, so the comparison is true for every decision.
-- Leak: organizer, assessor, both: select on public.graduation_decisions (in A)
-- Red: test_member_stays_within_the_event[public.graduation_decisions select]
-- Red: test_nothing_has_drifted[policies]
alter policy "organizers and assessors read" on public.graduation_decisions
    using (
        exists (
            select from public.enrollments as enrollment
            where enrollment.event_id = (select private.current_event_id()) and enrollment.id = id
        )
        and (select private.has_role(private.current_event_id(), 'organizer', 'assessor'))
    );
