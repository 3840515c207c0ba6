-- What: the dashboard's template "for authenticated users only" was taken for the audit log.
-- Leak: everybody signed in: select on public.audit_log (any context)
-- Red: test_everybody_keeps_the_approved_access[public.audit_log]
-- Red: test_member_stays_within_the_event[public.audit_log select]
-- Red: test_nothing_has_drifted[functions]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.audit_log outsider]
alter policy "organizers read" on public.audit_log using (auth.role() = 'authenticated');
