-- A rule on a relation of an exposed schema acts with its owner's rights, not with the caller's.
--
-- What: ON INSERT, UPDATE or DELETE rules that do something, on a relation that an API role may change that way.
-- Why it leaks: what a rule adds is checked against the privileges and the policies of the relation's owner, on views
-- with security_invoker too. A row of any tenant is read, written or removed beyond the caller's reach.
-- Remedy: drop the rule, and do with a trigger what it did: a trigger runs as the caller.
-- Source: postgresql.org/docs/current/rules-privileges.html; src/backend/rewrite/rewriteDefine.c, setRuleCheckAsUser.
select n.nspname || '.' || c.relname || '.' || rule.rulename,
    'acts as ' || pg_get_userbyid(c.relowner) || ' for every caller: drop the rule, use a trigger'
from pg_rewrite as rule
join pg_class as c on c.oid = rule.ev_class
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = any (%(schemas)s::text[]) and rule.ev_type <> '1' and rule.ev_enabled <> 'D'
  and pg_get_ruledef(rule.oid) !~ 'DO( INSTEAD)?\s+(NOTHING|NOTIFY [^;]+);$'
  and exists (
      select from pg_roles as role
      where role.rolname in (%(anonymous_role)s, %(signed_in_role)s)
        and case rule.ev_type
            when '2' then has_any_column_privilege(role.oid, c.oid, 'UPDATE')
            when '3' then has_any_column_privilege(role.oid, c.oid, 'INSERT')
            else has_table_privilege(role.oid, c.oid, 'DELETE')
        end
  )
order by 1
