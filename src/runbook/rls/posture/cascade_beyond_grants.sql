-- Deleting a row that one may delete removes rows that one may not.
--
-- What: a foreign key with ON DELETE CASCADE leads from a table of an exposed schema that an API role may delete from
-- to one that it may not.
-- Why it leaks: referential actions run as the table's owner, without policies: rows that are nobody's to remove go.
-- Remedy: on delete restrict; or revoke DELETE on the parent.
-- Source: postgresql.org/docs/current/ddl-rowsecurity.html (referential integrity bypasses row security).
select distinct cn.nspname || '.' || child.relname,
    'loses rows when ' || role.rolname || ' deletes from ' || pn.nspname || '.' || parent.relname
    || ': make ' || quote_ident(fk.conname) || ' on delete restrict'
from pg_constraint as fk
join pg_class as child on child.oid = fk.conrelid join pg_namespace as cn on cn.oid = child.relnamespace
join pg_class as parent on parent.oid = fk.confrelid join pg_namespace as pn on pn.oid = parent.relnamespace
join pg_roles as role on role.rolname in (%(anonymous_role)s, %(signed_in_role)s)
where fk.contype = 'f' and fk.confdeltype = 'c' and pn.nspname = any (%(schemas)s::text[])
  and has_table_privilege(role.oid, parent.oid, 'DELETE') and not has_table_privilege(role.oid, child.oid, 'DELETE')
order by 1, 2
