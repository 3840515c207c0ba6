-- What: the API's login is made superuser, because a migration run by it was refused.
-- Red: test_api_role_cannot_pass_by_rls[api_login]
alter role authenticator superuser;
