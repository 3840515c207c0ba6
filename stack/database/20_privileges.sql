-- Supabase's default privileges: whatever a migration makes in public is open to all three API roles. Row-level
-- security and what a migration revokes are the only walls.
grant usage on schema public to postgres, anon, authenticated, service_role;

alter default privileges for role postgres, supabase_admin in schema public
    grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres, supabase_admin in schema public
    grant all on routines to postgres, anon, authenticated, service_role;
alter default privileges for role postgres, supabase_admin in schema public
    grant all on sequences to postgres, anon, authenticated, service_role;
