-- What: the newest migration failed half-way and was undone by hand; the commit that needs it is deployed.
-- Red: test_migration_is_applied[20260119080000]
-- Red: test_head_is_the_one_of_the_commit
-- Red: test_schema_is_the_one_of_the_migrations[columns]
-- Red: test_schema_is_the_one_of_the_migrations[constraints]
-- Red: test_schema_is_the_one_of_the_migrations[grants]
-- Red: test_schema_is_the_one_of_the_migrations[policies]
-- Red: test_schema_is_the_one_of_the_migrations[relations]
drop view public.event_roster, public.decision_summary;
drop table public.provinces;
delete from supabase_migrations.schema_migrations where version = '20260119080000';
