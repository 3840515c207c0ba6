-- What: the helper that reads the request's event was declared IMMUTABLE, for speed.
-- Red: test_nothing_has_drifted[functions]
-- Red: test_posture_rule_holds[immutable_helper_reads_session]
alter function private.current_event_id() immutable;
