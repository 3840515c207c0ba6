"""The queries of the snapshot. Each is set-based and names its columns in the order in which `catalog` reads them.

Parameters: `schemas` (exposed ones), `roles` (all of the API's), `api` (those that a client may become), `login` and
`named` (the tenancy's own tables, as `schema.name`).
"""

from __future__ import annotations

MEANT = """
with recursive seeds as (
    select c.oid from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
      and (n.nspname = any(%(schemas)s) or n.nspname || '.' || c.relname = any(%(named)s))
), edges as (
    select conrelid as source, confrelid as target from pg_constraint where contype = 'f'
    union
    select rule.ev_class, d.refobjid from pg_rewrite as rule
    join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = rule.oid
    where d.refclassid = 'pg_class'::regclass and d.refobjid <> rule.ev_class
    union
    select policy.polrelid, d.refobjid from pg_policy as policy
    join pg_depend as d on d.classid = 'pg_policy'::regclass and d.objid = policy.oid
    where d.refclassid = 'pg_class'::regclass and d.refobjid <> policy.polrelid
), meant (oid) as (
    select oid from seeds
    union
    select edges.target from meant join edges on edges.source = meant.oid
    join pg_class as c on c.oid = edges.target and c.relkind in ('r', 'p', 'v', 'm', 'f')
    join pg_namespace as n on n.oid = c.relnamespace and n.nspname not in ('pg_catalog', 'information_schema')
)
"""
"""The exposed relations, and whatever they refer to, read, or have policies read."""

RELATIONS = f"""
{MEANT}
select c.oid, n.nspname, c.relname, c.relkind, pg_get_userbyid(c.relowner), n.nspname = any(%(schemas)s),
       c.relrowsecurity, c.relforcerowsecurity,
       coalesce((select option_value::bool from pg_options_to_table(c.reloptions)
                 where option_name = 'security_invoker'), false),
       (select inhparent from pg_inherits where inhrelid = c.oid order by inhseqno limit 1),
       case when c.relkind in ('r', 'p') then array['select', 'insert', 'update', 'delete']
            when c.relkind <> 'v' then array['select'] else array_remove(array[
           'select',
           case when pg_relation_is_updatable(c.oid, true) & 8 <> 0 then 'insert' end,
           case when pg_relation_is_updatable(c.oid, true) & 4 <> 0 then 'update' end,
           case when pg_relation_is_updatable(c.oid, true) & 16 <> 0 then 'delete' end], null) end,
       array(select tgname::text from pg_trigger where tgrelid = c.oid and not tgisinternal order by 1),
       array(select distinct case ev_type when '2' then 'update' when '3' then 'insert' else 'delete' end
             from pg_rewrite where ev_class = c.oid and ev_type <> '1' order by 1),
       coalesce(leads.targets, '{{}}')
from meant join pg_class as c using (oid) join pg_namespace as n on n.oid = c.relnamespace
left join (select source, array_agg(target order by target) as targets from edges
           where target in (select oid from meant) group by source) as leads on leads.source = c.oid
order by c.oid
"""

COLUMNS = f"""
{MEANT}, bases (oid, base, category, length_from) as (
    select t.oid, t.oid, t.typcategory, t.typtypmod from pg_type as t where t.typtype <> 'd'
    union all
    select t.oid, bases.base, bases.category, t.typtypmod
    from bases join pg_type as t on t.typtype = 'd' and t.typbasetype = bases.oid
)
select a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), format_type(b.base, null), b.category,
       array(select enumlabel::text from pg_enum where enumtypid = b.base order by enumsortorder),
       case when b.base in ('varchar'::regtype, 'bpchar'::regtype) and m.modifier > 4 then m.modifier - 4
            when b.base = 'numeric'::regtype and m.modifier > 4
            then ((m.modifier - 4) >> 16 & 65535) - ((m.modifier - 4) & 2047) end,
       a.attnotnull or t.typnotnull, a.atthasdef or t.typdefault is not null, a.attidentity, a.attgenerated <> ''
from meant join pg_attribute as a on a.attrelid = meant.oid and a.attnum > 0 and not a.attisdropped
join pg_type as t on t.oid = a.atttypid join bases as b on b.oid = a.atttypid
cross join lateral (select case when a.atttypmod >= 0 then a.atttypmod else b.length_from end as modifier) as m
order by a.attrelid, a.attnum
"""

CONSTRAINTS = f"""
{MEANT}, names as (
    select k.oid, array_agg(a.attname::text order by u.place) as own,
           array_agg(r.attname::text order by u.place) as referred
    from pg_constraint as k
    cross join lateral unnest(k.conkey, k.confkey) with ordinality as u (own, referred, place)
    join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.own
    left join pg_attribute as r on r.attrelid = k.confrelid and r.attnum = u.referred
    where k.contype in ('p', 'u', 'f', 'c') and k.conrelid in (select oid from meant)
    group by k.oid
)
select k.conrelid, k.contype, k.conname, coalesce(names.own, '{{}}'), k.confrelid, coalesce(names.referred, '{{}}'),
       case when k.contype = 'c' then pg_get_constraintdef(k.oid) end
from pg_constraint as k left join names using (oid)
where k.conrelid in (select oid from meant) and k.contype in ('p', 'u', 'f', 'c') and k.conparentid = 0
union all
select a.attrelid, 'c', k.conname, array[a.attname::text], 0, '{{}}',
       regexp_replace(pg_get_constraintdef(k.oid), '\\mVALUE\\M', quote_ident(a.attname), 'g')
from meant join pg_attribute as a on a.attrelid = meant.oid and a.attnum > 0 and not a.attisdropped
join pg_constraint as k on k.contypid = a.atttypid and k.contype = 'c'
union all
select bound.oid, 'c', '', '{{}}', 0, '{{}}', pg_get_partition_constraintdef(i.inhrelid)
from pg_inherits as i join pg_class as c on c.oid = i.inhrelid and c.relispartition
cross join lateral (values (i.inhrelid), (i.inhparent)) as bound (oid)
where bound.oid in (select oid from meant)
union all
select i.indrelid, 'u', c.relname, array(select a.attname::text from unnest(i.indkey) with ordinality as u (n, place)
       join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = u.n order by u.place), 0, '{{}}', null
from pg_index as i join pg_class as c on c.oid = i.indexrelid
where i.indisunique and i.indexprs is null and i.indpred is null and i.indrelid in (select oid from meant)
  and not exists (select from pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))
order by 1, 2, 3
"""
# 'c', 'f', 'p', 'u': a primary key stands before the other keys.

POLICIES = f"""
{MEANT}
select p.polrelid, p.polname, p.polcmd, p.polpermissive,
       array(select rolname::text from pg_roles where oid = any(p.polroles) order by 1),
       pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
from pg_policy as p where p.polrelid in (select oid from meant) order by 1, 2
"""

GRANTED = """
select c.oid, r.rolname, p.privilege,
       case when p.privilege = 'delete' or has_table_privilege(r.oid, c.oid, p.privilege) then array['*']
            else array(select a.attname::text from pg_attribute as a
                       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                         and has_column_privilege(r.oid, c.oid, a.attnum, p.privilege) order by a.attnum) end
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
cross join pg_roles as r cross join unnest(array['select', 'insert', 'update', 'delete']) as p (privilege)
where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p', 'v', 'm', 'f') and r.rolname = any(%(roles)s)
  and has_schema_privilege(r.oid, n.oid, 'usage')
  and case p.privilege when 'delete' then has_table_privilege(r.oid, c.oid, 'delete')
      else has_any_column_privilege(r.oid, c.oid, p.privilege) end
order by 1, 2, 3
"""

FUNCTIONS = """
select p.oid, n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), p.prosecdef, p.provolatile,
       pg_get_function_result(p.oid),
       coalesce((select json_agg(json_build_object(
           'name', coalesce((array(select p.proargnames[k] from generate_subscripts(p.proargnames, 1) as k
                             where coalesce(p.proargmodes[k], 'i') in ('i', 'b', 'v') order by k))[i], ''),
           'type', format_type(t.oid, null), 'category', t.typcategory,
           'labels', array(select enumlabel from pg_enum where enumtypid = t.oid order by enumsortorder),
           'optional', i > p.pronargs - p.pronargdefaults) order by i)
        from unnest(p.proargtypes) with ordinality as argument (type, i) join pg_type as t on t.oid = argument.type),
        '[]'),
       array(select r.rolname::text from pg_roles as r where r.rolname = any(%(api)s)
             and has_function_privilege(r.oid, p.oid, 'execute') and has_schema_privilege(r.oid, n.oid, 'usage')
             order by 1),
       coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)
from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
where n.nspname = any(%(schemas)s) and n.nspname <> 'storage' and p.prokind = 'f'
  and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
  and not exists (select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                  and d.deptype = 'e')
order by 2, 3, 4
"""

ROLES = """
select rolname from pg_roles where rolname = any(%(roles)s)
"""

STATE = {
    "policies": """
select n.nspname || '.' || c.relname || ': ' || p.polname,
       concat_ws(' ', case when p.polpermissive then 'permissive' else 'restrictive' end,
                 case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert'
                               when 'w' then 'update' else 'delete' end,
                 'to ' || coalesce(nullif(array_to_string(array(select rolname from pg_roles
                                                               where oid = any(p.polroles) order by 1), ', '), ''),
                                   'public'),
                 'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid))
from pg_policy as p join pg_class as c on c.oid = p.polrelid join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = any(%(schemas)s) order by 1
""",
    "relations": """
select n.nspname || '.' || c.relname,
       concat_ws(', ', case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
                                      when 'm' then 'materialised view' else 'foreign table' end,
                 'owner ' || pg_get_userbyid(c.relowner),
                 case when c.relkind in ('r', 'p') then
                     case when c.relrowsecurity then 'RLS on' else 'RLS off' end end,
                 case when c.relforcerowsecurity then 'forced' end,
                 array_to_string(c.reloptions, ', '),
                 case when c.relkind in ('v', 'm') then 'definition ' || md5(pg_get_viewdef(c.oid)) end,
                 (select 'keys ' || md5(string_agg(pg_get_constraintdef(k.oid), ', ' order by k.conname))
                  from pg_constraint as k where k.conrelid = c.oid and k.contype in ('f', 'u', 'p')),
                 (select 'triggers ' || string_agg(t.tgname || ' ' || t.tgenabled::text || ' '
                                                   || md5(pg_get_triggerdef(t.oid)), ', ' order by t.tgname)
                  from pg_trigger as t where t.tgrelid = c.oid and not t.tgisinternal))
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1
""",
    "grants": """
with given as (
    select n.nspname || '.' || c.relname as object, c.relacl as acl, c.relowner as owner, null::text as part
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select n.nspname || '.' || c.relname, a.attacl, c.relowner, a.attname
    from pg_attribute as a join pg_class as c on c.oid = a.attrelid join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = any(%(schemas)s) and a.attacl is not null and a.attnum > 0
    union all
    select 'schema ' || nspname, nspacl, nspowner, null from pg_namespace where nspname = any(%(schemas)s)
)
select object || ': ' || case when x.grantee = 0 then 'public' else pg_get_userbyid(x.grantee) end,
       string_agg(lower(x.privilege_type) || coalesce('(' || part || ')', ''), ', '
                  order by x.privilege_type, part)
from given cross join lateral aclexplode(given.acl) as x
where x.grantee = 0 or pg_get_userbyid(x.grantee) = any(%(roles)s)
group by 1 order by 1
""",
    "roles": """
select r.rolname, concat_ws(', ', case when r.rolsuper then 'superuser' end,
       case when r.rolbypassrls then 'bypasses RLS' end,
       case when r.rolcreaterole then 'creates roles' end, case when r.rolreplication then 'replicates' end,
       case when r.rolinherit then 'inherits' end, case when r.rolcanlogin then 'logs in' end,
       (select 'member of ' || string_agg(distinct g.rolname, ', ' order by g.rolname)
        from pg_auth_members as m join pg_roles as g on g.oid = m.roleid where m.member = r.oid))
from pg_roles as r where r.rolname = any(%(roles)s) or r.rolname = %(login)s order by 1
""",
    "functions": """
with policy_functions as (
    select distinct d.refobjid as oid from pg_depend as d
    where d.classid = 'pg_policy'::regclass and d.refclassid = 'pg_proc'::regclass
), schemas as (
    select n.oid from pg_namespace as n where n.nspname = any(%(schemas)s) and n.nspname <> 'storage'
    union
    select p.pronamespace from policy_functions join pg_proc as p using (oid)
    join pg_namespace as n on n.oid = p.pronamespace where n.nspname not in ('auth', 'pg_catalog', 'storage')
)
select n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
       concat_ws(', ', case when p.prosecdef then 'security definer' end, 'owner ' || pg_get_userbyid(p.proowner),
                 case p.provolatile when 'v' then 'volatile' when 's' then 'stable' else 'immutable' end,
                 array_to_string(p.proconfig, ', '), 'body ' || md5(pg_get_functiondef(p.oid)),
                 'executable by ' || coalesce((select string_agg(distinct case when x.grantee = 0 then 'public'
                        else pg_get_userbyid(x.grantee) end, ', ') from aclexplode(coalesce(p.proacl,
                        acldefault('f', p.proowner))) as x where x.grantee <> p.proowner), 'its owner alone'))
from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
where p.prokind in ('f', 'p')
  and (p.pronamespace in (select oid from schemas) or p.oid in (select oid from policy_functions))
  and n.nspname <> 'pg_catalog'
  and not exists (select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                  and d.deptype = 'e')
order by 1
""",
}

QUERIES = {
    "relations": RELATIONS,
    "columns": COLUMNS,
    "constraints": CONSTRAINTS,
    "policies": POLICIES,
    "granted": GRANTED,
    "functions": FUNCTIONS,
    "roles": ROLES,
    **{f"state:{kind}": sql for kind, sql in STATE.items()},
}
