-- What: a security definer function reports on the event that it is given, whoever asks.
-- Leak: everybody signed in: call of public.event_report(event of B) (any context)
-- Red: test_function_gives_a_stranger_nothing[public.event_report(event uuid) outsider]
-- Red: test_function_keeps_a_member_within_the_event[public.event_report(event uuid)]
-- Red: test_nothing_has_drifted[functions]
set role postgres;
create function public.event_report(event uuid) returns table (full_name text, email text, outcome text)
language sql stable security definer set search_path = '' as $$
    select participant.full_name, participant.email, decision.outcome
    from public.participants as participant
    join public.enrollments as enrollment on enrollment.participant_id = participant.id
    left join public.graduation_decisions as decision on decision.enrollment_id = enrollment.id
    where participant.event_id = event_report.event
$$;
revoke execute on function public.event_report(uuid) from public, anon;
