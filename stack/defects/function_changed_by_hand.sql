-- What: the function that a trigger calls was replaced by hand with an empty one, and the trigger switched off.
-- Red: test_schema_is_the_one_of_the_migrations[functions]
-- Red: test_schema_is_the_one_of_the_migrations[triggers]
create or replace function private.refuse_change() returns trigger
language plpgsql set search_path = '' as $$ begin return null; end $$;
alter table public.audit_log disable trigger append_only;
