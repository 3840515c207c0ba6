-- What: memberships got a column left_at, and the helpers of the policies do not know it.
-- Leak: outsider: select on public.events, public.event_members (any context; by a membership of B that ended)
-- Leak: outsider: select on public.participants, public.enrollments, public.sessions, public.attendance (claiming B)
-- Leak: outsider: select on public.event_roster (claiming B)
-- Red: test_everybody_keeps_the_approved_access[public.attendance]
-- Red: test_everybody_keeps_the_approved_access[public.audit_log]
-- Red: test_everybody_keeps_the_approved_access[public.enrollments]
-- Red: test_everybody_keeps_the_approved_access[public.event_members]
-- Red: test_everybody_keeps_the_approved_access[public.events]
-- Red: test_everybody_keeps_the_approved_access[public.graduation_decisions]
-- Red: test_everybody_keeps_the_approved_access[public.participants]
-- Red: test_everybody_keeps_the_approved_access[public.provinces]
-- Red: test_everybody_keeps_the_approved_access[public.sessions]
-- Red: test_stranger_reaches_nothing[public.attendance former]
-- Red: test_stranger_reaches_nothing[public.audit_log former]
-- Red: test_stranger_reaches_nothing[public.decision_summary former]
-- Red: test_stranger_reaches_nothing[public.enrollments former]
-- Red: test_stranger_reaches_nothing[public.event_members former]
-- Red: test_stranger_reaches_nothing[public.event_roster former]
-- Red: test_stranger_reaches_nothing[public.events former]
-- Red: test_stranger_reaches_nothing[public.graduation_decisions former]
-- Red: test_stranger_reaches_nothing[public.participants former]
-- Red: test_stranger_reaches_nothing[public.sessions former]
alter table public.event_members add column left_at timestamptz;
insert into public.event_members (event_id, user_id, role, left_at)
values ('22222222-2222-4222-8222-222222222222', 'aaaaaaaa-0000-4000-8000-000000000008', 'participant',
        '2026-03-02 10:00+00');
