-- What: the role of anonymous requests is given BYPASSRLS.
-- Red: test_api_role_cannot_pass_by_rls[anonymous_role]
alter role anon bypassrls;
