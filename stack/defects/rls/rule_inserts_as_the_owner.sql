-- What: the roster was made writable by a rule, whose action runs with its owner's rights, past the policies.
-- Leak: everybody signed in: insert on public.event_roster (any context; the row is in participants)
-- Red: test_everybody_keeps_the_approved_access[public.event_roster]
-- Red: test_member_stays_within_the_event[public.event_roster insert]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_posture_rule_holds[rewrite_rule]
-- Red: test_stranger_reaches_nothing[public.event_roster outsider]
set role postgres;
create rule add_participant as on insert to public.event_roster do instead
    insert into public.participants (event_id, full_name, email)
    values (new.event_id, new.full_name, gen_random_uuid() || '@peserta.example');
grant insert on public.event_roster to authenticated;
