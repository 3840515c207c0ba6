-- What: the code was rolled back and the database was not: a migration of the newer commit is still applied.
-- Red: test_no_migration_is_unknown
-- Red: test_head_is_the_one_of_the_commit
-- Red: test_schema_is_the_one_of_the_migrations[columns]
alter table public.events add column archived_at timestamptz;
insert into supabase_migrations.schema_migrations (version, name) values ('20260202080000', 'archive');
