-- What: the role is read from the token's app_metadata, which says organizer and not of which event.
-- Leak: organizer, both: select on public.audit_log (claim app_metadata.role = organizer, any context)
-- Red: test_member_stays_within_the_event[public.audit_log select]
-- Red: test_nothing_has_drifted[functions]
-- Red: test_nothing_has_drifted[policies]
create policy "organizers by their token read" on public.audit_log
    for select to authenticated
    using ((select auth.jwt()) -> 'app_metadata' ->> 'role' = 'organizer');
