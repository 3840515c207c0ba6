-- What: security_invoker was set on the exposed view; the one below it is the owner's and passes the policies.
-- Leak: everybody signed in: select on public.roster_export (any context)
-- Red: test_everybody_keeps_the_approved_access[public.roster_export]
-- Red: test_member_stays_within_the_event[public.roster_export select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[view_runs_as_owner]
-- Red: test_stranger_reaches_nothing[public.roster_export outsider]
set role postgres;
create view private.roster_with_addresses as
    select participant.event_id, participant.full_name, participant.email, enrollment.status
    from public.participants as participant
    join public.enrollments as enrollment on enrollment.participant_id = participant.id;
grant select on private.roster_with_addresses to authenticated;
create view public.roster_export with (security_invoker = true) as
    select event_id, full_name, email from private.roster_with_addresses where status = 'enrolled';
revoke all on public.roster_export from anon, authenticated;
grant select on public.roster_export to authenticated;
