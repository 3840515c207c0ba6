-- Supabase's roles (supabase/postgres, migrations/db/init-scripts and migrations/db/migrations), as the bootstrap
-- superuser supabase_admin makes them. Passwords are set afterwards.

-- The operator: owns what migrations make and passes every policy, but is no superuser.
create role postgres login createdb createrole replication bypassrls;
alter database postgres owner to postgres;

create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
grant anon, authenticated, service_role to postgres with admin option;
grant pg_monitor to postgres with admin option;

-- The API's login: has nothing of its own and becomes one of the three for each request.
create role authenticator login noinherit;
grant anon, authenticated, service_role to authenticator;
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';

-- Supabase Auth's login.
create role supabase_auth_admin login noinherit createrole;
alter role supabase_auth_admin set search_path = auth;
