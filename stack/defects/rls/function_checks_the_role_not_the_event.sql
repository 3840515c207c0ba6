-- What: the function asks for an organizer of the named event, and withdraws an enrolment of whichever event.
-- Leak: organizer, both: call of public.withdraw(enrollment of B) (in A)
-- Red: test_function_keeps_a_member_within_the_event[public.withdraw(enrollment uuid)]
-- Red: test_nothing_has_drifted[functions]
set role postgres;
create function public.withdraw(enrollment uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
    if not private.has_role(private.current_event_id(), 'organizer') then
        raise exception 'organizers only' using errcode = 'insufficient_privilege';
    end if;
    update public.enrollments set status = 'withdrawn' where id = enrollment;
end
$$;
revoke execute on function public.withdraw(uuid) from public, anon;
