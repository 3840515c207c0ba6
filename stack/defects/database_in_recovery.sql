-- What: the address leads to a standby that is still in recovery (played by its answer to that question).
-- Red: test_database_is_not_in_recovery
set allow_system_table_mods = on;
create or replace function pg_catalog.pg_is_in_recovery() returns boolean language sql as 'select true';
