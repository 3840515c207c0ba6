-- API roles hold table privileges that row-level security does not cover.
--
-- What: TRUNCATE, REFERENCES, TRIGGER or MAINTAIN on a table of an exposed schema, granted to an API role or to PUBLIC.
-- Why it leaks: TRUNCATE removes every tenant's rows, REFERENCES tells which keys exist, TRIGGER runs one's own code on
-- others' writes. PostgREST sends none of them; a function with dynamic SQL or a raw connection does.
-- Remedy: revoke truncate, references, trigger on all tables in schema ... from the API's roles.
-- Source: postgresql.org/docs/current/ddl-rowsecurity.html ("operations that apply to the whole table").
select n.nspname || '.' || c.relname,
    'row-level security does not cover ' || string_agg(distinct lower(acl.privilege_type), ', ')
    || ', held by ' || string_agg(distinct coalesce(role.rolname, 'PUBLIC'), ', ') || ': revoke it'
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
cross join aclexplode(c.relacl) as acl
left join pg_roles as role on role.oid = acl.grantee
where n.nspname = any (%(schemas)s::text[]) and c.relkind in ('r', 'p')
  and acl.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')
  and (acl.grantee = 0 or role.rolname in (%(anonymous_role)s, %(signed_in_role)s))
group by n.nspname, c.relname
order by 1
