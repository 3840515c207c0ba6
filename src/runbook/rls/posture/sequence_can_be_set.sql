-- API roles may set the sequences that number everybody's rows.
--
-- What: UPDATE on a sequence of an exposed schema, granted to an API role or to PUBLIC.
-- Why it leaks: setval() makes the next insert of every tenant fail, and sequences have no rows for a policy to guard.
-- PostgREST does not offer setval(); a function that calls it, or a raw connection, does.
-- Remedy: revoke update on the sequence from the API's roles; USAGE is all that an insert needs.
-- Source: postgresql.org/docs/current/functions-sequence.html, setval.
select n.nspname || '.' || c.relname,
    'may be set by ' || string_agg(distinct coalesce(role.rolname, 'PUBLIC'), ', ') || ': revoke update on the sequence'
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
cross join aclexplode(c.relacl) as acl
left join pg_roles as role on role.oid = acl.grantee
where n.nspname = any (%(schemas)s::text[]) and c.relkind = 'S' and acl.privilege_type = 'UPDATE'
  and (acl.grantee = 0 or role.rolname in (%(anonymous_role)s, %(signed_in_role)s))
group by n.nspname, c.relname
order by 1
