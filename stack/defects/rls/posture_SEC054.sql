-- What: a summary was materialised to be faster, and keeps every event's participants.
-- Red: test_member_stays_within_the_event[public.participant_names select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC054]
-- Red: test_stranger_reaches_nothing[public.participant_names outsider]
set role postgres;
create materialized view public.participant_names as select event_id, full_name from public.participants;
revoke all on public.participant_names from anon, authenticated;
grant select on public.participant_names to authenticated;
