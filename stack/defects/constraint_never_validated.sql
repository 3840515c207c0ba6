-- What: a constraint was added without looking at the rows that were there, and never validated.
-- Red: test_nothing_is_half_applied[constraint not validated]
-- Red: test_schema_is_the_one_of_the_migrations[constraints]
alter table public.events add constraint events_name_told check (name <> '') not valid;
