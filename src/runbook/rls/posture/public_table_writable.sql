-- A table that is declared public for reading can be written by everybody.
--
-- What: RLS is off on a table of database.public_tables, and an API role holds INSERT, UPDATE or DELETE on it.
-- Why it leaks: no check asks for RLS there, because reading it is meant to be open; with Supabase's default
-- privileges so is writing, and reference data that every event relies on is anybody's to change.
-- Remedy: revoke insert, update, delete on the table from the API's roles; or enable RLS, with a policy for SELECT.
-- Source: supabase.com/docs/guides/api/securing-your-api; supabase/postgres, default privileges of schema public.
select n.nspname || '.' || c.relname,
    'is public with RLS off and lets ' || string_agg(role.rolname || ' ' || privilege.name, ', '
        order by role.rolname, privilege.name) || ': revoke that, or enable RLS with a policy for select'
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
join pg_roles as role on role.rolname in (%(anonymous_role)s, %(signed_in_role)s)
cross join (values ('insert'), ('update'), ('delete')) as privilege (name)
where n.nspname = any (%(schemas)s::text[]) and n.nspname || '.' || c.relname = any (%(public_tables)s::text[])
  and c.relkind in ('r', 'p') and not c.relrowsecurity
  and case privilege.name
      when 'delete' then has_table_privilege(role.oid, c.oid, privilege.name)
      else has_any_column_privilege(role.oid, c.oid, privilege.name)
  end
group by n.nspname, c.relname
order by 1
