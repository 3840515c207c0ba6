-- What: a policy was widened by hand during an incident, in no migration.
-- Red: test_schema_is_the_one_of_the_migrations[policies]
alter policy "everybody reads" on public.provinces to public;
