-- What: privileges were restored wholesale, a policy lets everybody do everything, and the trigger is disabled.
-- Red: test_evidence_cannot_be_changed[anonymous_role-UPDATE]
-- Red: test_evidence_cannot_be_changed[anonymous_role-DELETE]
-- Red: test_evidence_cannot_be_changed[anonymous_role-TRUNCATE]
-- Red: test_evidence_cannot_be_changed[signed_in_role-UPDATE]
-- Red: test_evidence_cannot_be_changed[signed_in_role-DELETE]
-- Red: test_evidence_cannot_be_changed[signed_in_role-TRUNCATE]
-- Red: test_evidence_cannot_be_changed[service_role-UPDATE]
-- Red: test_evidence_cannot_be_changed[service_role-DELETE]
-- Red: test_evidence_cannot_be_changed[service_role-TRUNCATE]
-- Red: test_member_of_two_events_gets_the_one_named[GET /audit]
alter table public.audit_log disable trigger append_only;
grant all on public.audit_log to anon, authenticated, service_role;
create policy "service role manages" on public.audit_log using (true) with check (true);
