-- Realtime tells every subscriber which rows are deleted, whosever they are.
--
-- What: a table with RLS of an exposed schema is in the publication supabase_realtime, which carries deletes.
-- Why it leaks: a deleted row is not there any more for a policy to be asked about, so Realtime sends its primary key
-- to all subscribers of the table.
-- Remedy: alter publication supabase_realtime set (publish = 'insert, update'); or keys that say nothing.
-- Source: supabase.com/docs/guides/realtime/postgres-changes ("RLS policies are not applied to DELETE statements").
select p.schemaname || '.' || p.tablename, 'deleted keys reach every subscriber: publish insert and update only'
from pg_publication_tables as p
join pg_publication as publication on publication.pubname = p.pubname and publication.pubdelete
join pg_namespace as n on n.nspname = p.schemaname
join pg_class as c on c.relnamespace = n.oid and c.relname = p.tablename and c.relrowsecurity
where p.pubname = 'supabase_realtime' and p.schemaname = any (%(schemas)s::text[])
order by 1
