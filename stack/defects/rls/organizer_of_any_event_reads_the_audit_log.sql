-- What: a new helper says whether somebody is an organizer, without saying of which event.
-- Leak: organizer, both: select on public.audit_log (any context)
-- Red: test_member_stays_within_the_event[public.audit_log select]
-- Red: test_nothing_has_drifted[functions]
-- Red: test_nothing_has_drifted[policies]
create function private.is_organizer() returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.event_members
        where user_id = (select auth.uid()) and role = 'organizer'
    )
$$;
revoke execute on function private.is_organizer() from public;
grant execute on function private.is_organizer() to authenticated;
alter policy "organizers read" on public.audit_log using ((select private.is_organizer()));
