-- What: a rule, and not a trigger, withdraws the enrolments of a participant who changes events.
-- Red: test_posture_rule_holds[rewrite_rule]
-- Unverified: test_member_stays_within_the_event[public.participants move]
-- Unverified: test_member_stays_within_the_event[public.participants update]
-- Unverified: test_stranger_reaches_nothing[public.participants outsider]
set role postgres;
create rule withdraw as on update to public.participants where new.event_id <> old.event_id
    do also update public.enrollments set status = 'withdrawn' where participant_id = old.id;
