-- What: signed-in people inherit from the role that owns a table, so that they may write it.
-- Red: test_api_role_cannot_pass_by_rls[signed_in_role]
-- Red: test_api_role_cannot_pass_by_rls[api_login]
create role training_owner nologin;
alter table public.sessions owner to training_owner;
grant training_owner to authenticated with inherit true;
