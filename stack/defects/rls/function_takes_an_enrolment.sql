-- What: a security definer function shows an enrolment by its id; default grants let everybody call it.
-- Leak: everybody: call of public.enrollment_card(enrollment of B) (any context)
-- Red: test_function_gives_a_stranger_nothing[public.enrollment_card(enrollment uuid) *]
-- Red: test_function_keeps_a_member_within_the_event[public.enrollment_card(enrollment uuid)]
-- Red: test_nothing_has_drifted[functions]
set role postgres;
create function public.enrollment_card(enrollment uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
    select jsonb_build_object('name', participant.full_name, 'email', participant.email, 'status', enrolled.status)
    from public.enrollments as enrolled
    join public.participants as participant on participant.id = enrolled.participant_id
    where enrolled.id = enrollment_card.enrollment
$$;
