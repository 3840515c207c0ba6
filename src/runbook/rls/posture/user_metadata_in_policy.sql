-- A policy believes what people write about themselves.
--
-- What: a policy, or a function that it uses, in whatever schema, reads user_metadata or raw_user_meta_data.
-- Why it leaks: Supabase Auth lets everybody change their own user metadata, so they choose what the policy is told:
-- their role, their event. pgrls SEC033 sees neither a function's body nor (select auth.jwt()) -> 'user_metadata', the
-- form that Supabase recommends.
-- Remedy: read app_metadata, or a table that only the operators write.
-- Source: supabase.com/docs/guides/database/postgres/row-level-security, auth.jwt(); splinter 0015.
with policy as (
    select policy.oid, n.nspname || '.' || c.relname || '.' || policy.polname as name,
        concat_ws(' ', pg_get_expr(policy.polqual, c.oid), pg_get_expr(policy.polwithcheck, c.oid)) as expression
    from pg_policy as policy
    join pg_class as c on c.oid = policy.polrelid
    join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = any (%(schemas)s::text[])
      -- A policy only for roles that bypass RLS is never applied.
      and exists (
          select from unnest(policy.polroles) as granted (oid) left join pg_roles as role on role.oid = granted.oid
          where granted.oid = 0 or not (role.rolbypassrls or role.rolsuper)
      )
),
source (name, text) as (
    select name, expression from policy
    union
    select n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
        coalesce(nullif(p.prosrc, ''), pg_get_function_sqlbody(p.oid))
    from policy
    join pg_depend as d on d.classid = 'pg_policy'::regclass and d.objid = policy.oid
    join pg_proc as p on d.refclassid = 'pg_proc'::regclass and p.oid = d.refobjid
    join pg_namespace as n on n.oid = p.pronamespace
)
select name, 'reads what people set for themselves: read app_metadata, or a table that operators write'
from source
where text ~* '''[^'']*\muser_metadata\M[^'']*''|\mraw_user_meta_data\M'
order by 1
