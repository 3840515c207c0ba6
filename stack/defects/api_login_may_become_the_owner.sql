-- What: the API's login is a member of postgres: one SET ROLE, and no policy holds.
-- Red: test_api_role_cannot_pass_by_rls[api_login]
grant postgres to authenticator;
