-- What: a column was changed by hand: the schema is not the one of the migrations, and their record looks right.
-- Red: test_schema_is_the_one_of_the_migrations[columns]
alter table public.enrollments alter column created_at drop default;
