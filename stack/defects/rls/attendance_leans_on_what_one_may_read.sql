-- What: who sees the session may write its attendance: the policy leans on the parent's, which is for all members.
-- Leak: participant: insert on public.attendance (own event)
-- Red: test_everybody_keeps_the_approved_access[public.attendance]
-- Red: test_nothing_has_drifted[policies]
alter policy "organizers and assessors add" on public.attendance
    with check (
        session_id in (select id from public.sessions)
        and enrollment_id in (select id from public.enrollments)
    );
