-- A storage bucket is public: its files are served to everybody who knows or guesses their path.
--
-- What: buckets of Supabase Storage with public = true, counted, since their names are data.
-- Why it leaks: files of a public bucket are served without a token; the policies on storage.objects are not asked.
-- Remedy: update storage.buckets set public = false; serve such files by signed addresses.
-- Source: supabase.com/docs/guides/storage/buckets/fundamentals.
-- ts_stat runs a query that is made as text, so the table is named only where it is there and may be read. So would
-- query_to_xml, but not every server is built with libxml.
select 'storage.buckets', ndoc || ' public: set public = false where the files are not meant for everybody'
from ts_stat(
    case when exists (
        select from pg_attribute as a
        join pg_class as c on c.oid = a.attrelid
        join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = 'storage' and c.relname = 'buckets' and a.attname = 'public' and not a.attisdropped
          and has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT')
    ) then $$select 'public'::tsvector from storage.buckets where public$$
    else $$select 'public'::tsvector where false$$ end
)
