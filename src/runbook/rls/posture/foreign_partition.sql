-- A partition that is a foreign table takes rows that the parent's policies refuse.
--
-- What: a table with RLS in an exposed schema has a foreign table among its partitions, at any depth, and an API role
-- may insert into it or update it.
-- Why it leaks: a row for a foreign table goes to the wrapper before PostgreSQL comes to the policies' WITH CHECK, so a
-- row of any tenant is written. It cannot have RLS of its own either.
-- Remedy: detach the partition, or revoke INSERT and UPDATE on the partitioned table from the API's roles.
-- Source: PostgreSQL, src/backend/executor/nodeModifyTable.c, ExecInsert; CREATE FOREIGN TABLE, notes.
with recursive above (leaf, oid) as (
    select c.oid, i.inhparent
    from pg_class as c join pg_inherits as i on i.inhrelid = c.oid
    where c.relkind = 'f' and c.relispartition
    union
    select above.leaf, i.inhparent from above join pg_inherits as i on i.inhrelid = above.oid
)
select distinct pn.nspname || '.' || parent.relname,
    'rows for its foreign partition ' || ln.nspname || '.' || leaf.relname || ' pass by WITH CHECK: detach it, or'
    || ' revoke insert and update on the table from ' || role.rolname
from above
join pg_class as leaf on leaf.oid = above.leaf join pg_namespace as ln on ln.oid = leaf.relnamespace
join pg_class as parent on parent.oid = above.oid join pg_namespace as pn on pn.oid = parent.relnamespace
join pg_roles as role on role.rolname in (%(anonymous_role)s, %(signed_in_role)s)
where pn.nspname = any (%(schemas)s::text[]) and parent.relrowsecurity
  and has_any_column_privilege(role.oid, parent.oid, 'INSERT, UPDATE')
order by 1, 2
