-- What: a copy of a table, made before a migration and never removed.
-- Red: test_nothing_is_half_applied[leftover public.%_old]
-- Red: test_schema_is_the_one_of_the_migrations[columns]
-- Red: test_schema_is_the_one_of_the_migrations[grants]
-- Red: test_schema_is_the_one_of_the_migrations[relations]
create table public.enrollments_old as select * from public.enrollments;
