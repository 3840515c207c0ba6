-- What: signed-in people were given the predefined role that reads every table.
-- Red: test_nothing_has_drifted[roles]
-- Red: test_posture_rule_holds[api_role_reaches_power]
grant pg_read_all_data to authenticated;
