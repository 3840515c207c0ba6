-- A view that the API exposes hands out rows as its owner sees them, whoever asks.
--
-- What: a view, or one that it reads through, has no security_invoker, or is materialised; it reads a table with RLS
-- that is not declared public; the policies do not bind its owner; and it does not itself ask who is calling.
-- Why it leaks: the policies are applied to the view's owner, who passes all of them, so every caller with SELECT on
-- the view gets the same rows. pgrls VIEW001 asks neither who may read the view nor what its owner is, and sees no
-- views of other schemas.
-- Remedy: alter view ... set (security_invoker = true); or revoke SELECT on the view from the API's roles.
-- Source: postgresql.org/docs/current/sql-createview.html, notes on security_invoker; splinter 0010.
with recursive viewed as (
    select c.oid, c.relowner, n.nspname || '.' || c.relname as name, n.nspname, c.relkind,
        c.relkind = 'v' and coalesce((
            select o.option_value::boolean from pg_options_to_table(c.reloptions) as o
            where o.option_name = 'security_invoker'
        ), false) as as_caller
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('v', 'm')
),
source as (
    select rule.ev_class as reader, d.refobjid as read
    from pg_rewrite as rule
    join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = rule.oid
    where rule.ev_type = '1' and d.refclassid = 'pg_class'::regclass and d.refobjid <> rule.ev_class
),
reached (role, door, view) as (
    select role.oid, viewed.name, viewed.oid
    from pg_roles as role, viewed
    where role.rolname in (%(anonymous_role)s, %(signed_in_role)s)
      and viewed.relkind = 'v' and viewed.nspname = any (%(schemas)s::text[])
      and has_any_column_privilege(role.oid, viewed.oid, 'SELECT')
    union
    select reached.role, reached.door, inner_view.oid
    from reached
    join viewed as outer_view on outer_view.oid = reached.view
    join source on source.reader = reached.view
    join viewed as inner_view on inner_view.oid = source.read
    where not outer_view.as_caller or has_any_column_privilege(reached.role, inner_view.oid, 'SELECT')
)
select reached.door,
    'shows ' || string_agg(distinct n.nspname || '.' || c.relname, ', ') || ' as '
    || string_agg(distinct owner.rolname, ', ') || ' sees it: set security_invoker = true on '
    || string_agg(distinct viewed.name, ', ') || ', or revoke select on it'
from reached
join viewed on viewed.oid = reached.view and not viewed.as_caller
join source on source.reader = viewed.oid
join pg_class as c on c.oid = source.read and c.relkind in ('r', 'p') and c.relrowsecurity
join pg_namespace as n on n.oid = c.relnamespace
join pg_roles as owner on owner.oid = viewed.relowner
where n.nspname || '.' || c.relname <> all (%(public_tables)s::text[])
  and reached.door <> all (%(public_tables)s::text[])
  and (
      owner.rolsuper or owner.rolbypassrls
      or (pg_has_role(owner.oid, c.relowner, 'USAGE') and not c.relforcerowsecurity)
  )
  -- Asks who is calling: by itself, or through a function that policies ask too.
  and pg_get_viewdef(viewed.oid) !~* '\m(current_setting|current_user|session_user|auth\.(uid|jwt|role|email))\M'
  and not exists (
      select from pg_rewrite as rule
      join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = rule.oid
      join pg_depend as p on p.classid = 'pg_policy'::regclass and p.refclassid = 'pg_proc'::regclass
      where rule.ev_class = viewed.oid and d.refclassid = p.refclassid and d.refobjid = p.refobjid
  )
group by reached.door
order by reached.door
