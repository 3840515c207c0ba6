-- What: the role of signed-in people is given BYPASSRLS, to make an empty list go away.
-- Red: test_api_role_cannot_pass_by_rls[signed_in_role]
-- Red: test_member_of_two_events_gets_the_one_named[GET /enrollments]
-- Red: test_member_of_two_events_gets_the_one_named[GET /decisions]
-- Red: test_member_of_two_events_gets_the_one_named[GET /audit]
alter role authenticated bypassrls;
