-- What: a table belongs to the role of signed-in people: RLS does not bind its owner.
-- Red: test_api_role_cannot_pass_by_rls[signed_in_role]
-- Red: test_api_role_cannot_pass_by_rls[api_login]
alter table public.attendance owner to authenticated;
