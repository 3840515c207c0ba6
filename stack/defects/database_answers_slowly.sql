-- What: the database takes longer than a second to say how it is.
-- Red: test_database_answers_in_time
set allow_system_table_mods = on;
create or replace function pg_catalog.pg_is_in_recovery() returns boolean language sql
    as 'select pg_sleep(1.5) is null';
