-- What: the roster was replaced to add a column, and `create or replace view` without WITH drops security_invoker.
-- Leak: everybody signed in: select on public.event_roster (any context)
-- Red: test_everybody_keeps_the_approved_access[public.event_roster]
-- Red: test_member_stays_within_the_event[public.event_roster select]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[view_runs_as_owner]
-- Red: test_stranger_reaches_nothing[public.event_roster outsider]
set role postgres;
create or replace view public.event_roster as
    select participant.event_id, participant.id as participant_id, participant.full_name,
           enrollment.id as enrollment_id, enrollment.status, enrollment.created_at as enrolled_at
    from public.participants as participant
    left join public.enrollments as enrollment
        on enrollment.event_id = participant.event_id and enrollment.participant_id = participant.id;
