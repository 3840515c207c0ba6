-- A policy calls a function that claims to be IMMUTABLE but reads who is calling.
--
-- What: a function that a policy uses, in whatever schema, is IMMUTABLE, and its body reads a setting, the token's
-- claims or the current role.
-- Why it leaks: the planner may work it out once and keep the answer in a plan; the next caller on that connection
-- is then taken for the one before. pgrls SEC046 looks for such functions in the exposed schemas only.
-- Remedy: alter function ... stable.
-- Source: postgresql.org/docs/current/xfunc-volatility.html.
select distinct hn.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    'is used by policies, and what it reads of the session may be kept for the next caller: alter it to be stable'
from pg_depend as d
join pg_policy as policy on policy.oid = d.objid
join pg_class as c on c.oid = policy.polrelid
join pg_namespace as n on n.oid = c.relnamespace
join pg_proc as p on p.oid = d.refobjid
join pg_namespace as hn on hn.oid = p.pronamespace
join pg_language as l on l.oid = p.prolang
where d.classid = 'pg_policy'::regclass and d.refclassid = 'pg_proc'::regclass
  and n.nspname = any (%(schemas)s::text[]) and p.provolatile = 'i' and l.lanname not in ('internal', 'c')
  and coalesce(nullif(p.prosrc, ''), pg_get_function_sqlbody(p.oid))
      ~* '\m(current_setting|current_user|session_user|current_role|auth\s*\.\s*(uid|jwt|role|email))\M'
order by 1
