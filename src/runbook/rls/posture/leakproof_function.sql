-- A function of one's own that claims to be LEAKPROOF sees the rows that the policies hide.
--
-- What: a function that neither the server nor an extension brought is marked LEAKPROOF, and an API role may call it.
-- Why it leaks: the planner may call it before the policies. Whatever it shows of its arguments (an error, a notice,
-- how long it takes) it then shows of hidden rows. pgrls SEC017 looks at the exposed schemas only.
-- Remedy: alter function ... not leakproof; or revoke EXECUTE on it from the API's roles.
-- Source: postgresql.org/docs/current/sql-createfunction.html, LEAKPROOF; ddl-rowsecurity.html.
select n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    'may be called before the policies: alter the function to be not leakproof'
from pg_proc as p
join pg_namespace as n on n.oid = p.pronamespace
where p.proleakproof and p.oid >= 16384 -- FirstNormalObjectId, src/include/access/transam.h
  and not exists (
      select from pg_depend as d
      where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
  )
  and exists (
      select from pg_roles as role
      where role.rolname in (%(anonymous_role)s, %(signed_in_role)s)
        and has_function_privilege(role.oid, p.oid, 'EXECUTE')
  )
order by 1
