"""A schema in words: one sorted line a fact, the same for every server of one major version that it is read from.

Not `pg_dump`: its text changes with its version and the server's. Parameters of the queries: `schemas`; `history`, the
migrations' own table, which is left out; `roles`, whose grants are looked at; `alike`, whether both servers are of one
major version. What extensions brought is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbook.database.connection import Cursor

MEANT = """
with meant as (
    select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name, c.relkind as kind, c.relacl as acl,
           c.relowner as owner
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = any(%(schemas)s) and n.nspname || '.' || c.relname <> %(history)s
      and not exists (select from pg_depend as d
                      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
), routines as (
    select p.*, quote_ident(n.nspname) || '.' || quote_ident(p.proname)
           || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name
    from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname = any(%(schemas)s)
      and not exists (select from pg_depend as d
                      where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
)
"""

RELATIONS = """
select m.name, concat_ws(', ',
    case m.kind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view' when 'm' then
        'materialised view' when 'f' then 'foreign table' when 'S' then 'sequence' else 'composite type' end,
    'owner ' || pg_get_userbyid(m.owner),
    case when m.kind in ('r', 'p') then case when c.relrowsecurity then 'RLS on' else 'RLS off' end end,
    case when c.relforcerowsecurity then 'forced' end,
    case when c.relpersistence = 'u' then 'unlogged' end,
    case when c.relreplident <> 'd' and m.kind in ('r', 'p') then 'replica identity ' || c.relreplident::text end,
    nullif(array_to_string(array(select option from unnest(c.reloptions) as option order by 1), ', '), ''),
    case when m.kind = 'p' then pg_get_partkeydef(m.oid) end,
    (select 'inherits ' || string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno)
     from pg_inherits as i where i.inhrelid = m.oid),
    pg_get_expr(c.relpartbound, c.oid),
    (select concat_ws(' ', format_type(s.seqtypid, null), 'start', s.seqstart, 'by', s.seqincrement, 'from', s.seqmin,
                      'to', s.seqmax, case when s.seqcycle then 'cycle' end)
     from pg_sequence as s where s.seqrelid = m.oid),
    case when m.kind in ('v', 'm') and %(alike)s
         then 'as ' || btrim(regexp_replace(pg_get_viewdef(m.oid), '\\s+', ' ', 'g')) end)
from meant as m join pg_class as c on c.oid = m.oid where m.kind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
"""

COLUMNS = """
select m.name || '.' || quote_ident(a.attname), concat_ws(' ', format_type(a.atttypid, a.atttypmod),
    case when a.attnotnull then 'not null' end,
    case a.attidentity when 'a' then 'identity always' when 'd' then 'identity by default' end,
    case when a.attgenerated = '' then 'default ' else 'generated as ' end || pg_get_expr(d.adbin, d.adrelid),
    case when a.attcollation <> t.typcollation then 'collate ' || a.attcollation::regcollation::text end)
from meant as m join pg_attribute as a on a.attrelid = m.oid and a.attnum > 0 and not a.attisdropped
join pg_type as t on t.oid = a.atttypid left join pg_attrdef as d on d.adrelid = m.oid and d.adnum = a.attnum
where m.kind in ('r', 'p', 'v', 'm', 'f', 'c')
"""

CONSTRAINTS = """
select m.name || '.' || quote_ident(k.conname), pg_get_constraintdef(k.oid)
from meant as m join pg_constraint as k on k.conrelid = m.oid
where k.contype in ('p', 'u', 'f', 'c', 'x') and k.conparentid = 0
"""
# What is NOT NULL is told with its column: before version 18 it was no constraint.

INDEXES = """
select m.name || ': ' || quote_ident(c.relname), pg_get_indexdef(i.indexrelid)
from meant as m join pg_index as i on i.indrelid = m.oid join pg_class as c on c.oid = i.indexrelid
where not exists (select from pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
"""

POLICIES = """
select m.name || ': ' || quote_ident(p.polname), concat_ws(' ',
    case when p.polpermissive then 'permissive' else 'restrictive' end,
    case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                  else 'delete' end,
    'to ' || coalesce(nullif(array_to_string(array(select rolname from pg_roles where oid = any(p.polroles)
                                                   order by 1), ', '), ''), 'public'),
    'using ' || regexp_replace(pg_get_expr(p.polqual, p.polrelid), '\\s+', ' ', 'g'),
    'check ' || regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid), '\\s+', ' ', 'g'))
from meant as m join pg_policy as p on p.polrelid = m.oid
"""

TRIGGERS = """
select m.name || ': ' || quote_ident(t.tgname), pg_get_triggerdef(t.oid)
       || case t.tgenabled when 'O' then '' when 'D' then ', disabled' when 'R' then ', on replicas' else ', always' end
from meant as m join pg_trigger as t on t.tgrelid = m.oid where not t.tgisinternal and t.tgparentid = 0
union all
select m.name || ': rule ' || quote_ident(r.rulename), regexp_replace(pg_get_ruledef(r.oid), '\\s+', ' ', 'g')
       || case r.ev_enabled when 'O' then '' when 'D' then ', disabled' when 'R' then ', on replicas'
                            else ', always' end
from meant as m join pg_rewrite as r on r.ev_class = m.oid where r.rulename <> '_RETURN' and %(alike)s
"""

FUNCTIONS = """
select p.name, concat_ws(', ',
    case p.prokind when 'a' then 'aggregate' when 'w' then 'window function' when 'p' then 'procedure' end,
    'returns ' || pg_get_function_result(p.oid),
    'arguments ' || nullif(pg_get_function_arguments(p.oid), ''),
    l.lanname, case p.provolatile when 'v' then 'volatile' when 's' then 'stable' else 'immutable' end,
    case when p.proisstrict then 'strict' end, case when p.prosecdef then 'security definer' end,
    case when p.proleakproof then 'leakproof' end, case p.proparallel when 's' then 'parallel safe' when 'r' then
        'parallel restricted' end, 'set ' || array_to_string(p.proconfig, ', '),
    'owner ' || pg_get_userbyid(p.proowner),
    'body sha256 ' || left(encode(sha256(convert_to(
        case when %(alike)s then coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) else p.prosrc end,
        'UTF8')), 'hex'), 16))
from routines as p join pg_language as l on l.oid = p.prolang
"""

TYPES = """
select quote_ident(n.nspname) || '.' || quote_ident(t.typname), concat_ws(', ',
    case t.typtype when 'e' then 'enum ' || coalesce((select string_agg(quote_literal(e.enumlabel), ', '
                                                     order by e.enumsortorder) from pg_enum as e
                                                     where e.enumtypid = t.oid), 'of nothing')
                   when 'd' then 'domain of ' || format_type(t.typbasetype, t.typtypmod)
                   else 'range of ' || (select format_type(r.rngsubtype, null) from pg_range as r
                                        where r.rngtypid = t.oid) end,
    case when t.typnotnull then 'not null' end, 'default ' || t.typdefault,
    (select string_agg(quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), ', ' order by k.conname)
     from pg_constraint as k where k.contypid = t.oid and k.contype = 'c'),
    'owner ' || pg_get_userbyid(t.typowner))
from pg_type as t join pg_namespace as n on n.oid = t.typnamespace
where t.typtype in ('e', 'd', 'r') and n.nspname = any(%(schemas)s)
  and not exists (select from pg_depend as d
                  where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
"""

GRANTS = """
, given as (
    select m.name as object, m.owner, null::text as part,
           coalesce(m.acl, acldefault(case m.kind when 'S' then 's' else 'r' end::"char", m.owner)) as acl
    from meant as m where m.kind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select m.name, m.owner, quote_ident(a.attname), a.attacl
    from meant as m join pg_attribute as a on a.attrelid = m.oid and a.attnum > 0 where a.attacl is not null
    union all
    select p.name, p.proowner, null, coalesce(p.proacl, acldefault('f', p.proowner)) from routines as p
    union all
    select 'schema ' || quote_ident(n.nspname), n.nspowner, null, coalesce(n.nspacl, acldefault('n', n.nspowner))
    from pg_namespace as n where n.nspname = any(%(schemas)s)
    union all
    select 'type ' || quote_ident(n.nspname) || '.' || quote_ident(t.typname), t.typowner, null, t.typacl
    from pg_type as t join pg_namespace as n on n.oid = t.typnamespace
    where n.nspname = any(%(schemas)s) and t.typacl is not null
)
select given.object || ' to ' || case when x.grantee = 0 then 'public' else pg_get_userbyid(x.grantee) end,
       string_agg(lower(x.privilege_type) || coalesce('(' || given.part || ')', '')
                  || case when x.is_grantable then ' with grant option' else '' end, ', '
                  order by x.privilege_type, given.part)
from given cross join lateral aclexplode(given.acl) as x
where x.grantee <> given.owner and (x.grantee = 0 or pg_get_userbyid(x.grantee) = any(%(roles)s))
  and (%(alike)s or x.privilege_type <> 'MAINTAIN')
group by 1
"""
# MAINTAIN: since version 17.

QUERIES = {
    "columns": COLUMNS,
    "constraints": CONSTRAINTS,
    "functions": FUNCTIONS,
    "grants": GRANTS,
    "indexes": INDEXES,
    "policies": POLICIES,
    "relations": RELATIONS,
    "triggers": TRIGGERS,
    "types": TYPES,
}
KINDS = tuple(QUERIES)


@dataclass(frozen=True, slots=True)
class Description:
    """The lines of each kind, sorted; and the server's version as `server_version_num` has it."""

    lines: Mapping[str, tuple[str, ...]]
    version: int

    @property
    def digest(self) -> str:
        """SHA-256 over all of it."""
        return hashlib.sha256("\n".join(line for kind in KINDS for line in self.lines[kind]).encode()).hexdigest()

    @property
    def major(self) -> int:
        """The server's major version."""
        return self.version // 10000


def describe(cursor: Cursor, schemas: Sequence[str], history: str, roles: Sequence[str], *, alike: bool) -> Description:
    """Read it with an open cursor. With nothing in the search path every name is told with its schema."""
    cursor.execute("select set_config('search_path', 'pg_catalog', true)")
    asked = {"schemas": list(schemas), "history": history, "roles": list(roles), "alike": alike}
    lines: dict[str, tuple[str, ...]] = {}
    for kind, query in QUERIES.items():
        rows = cursor.execute(f"{MEANT}{query}".encode(), asked).fetchall()
        lines[kind] = tuple(sorted(f"{kind}: {name}: {text}" for name, text in rows))
    return Description(lines, cursor.connection.info.server_version)
