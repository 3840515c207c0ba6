-- What: the server is PostgreSQL 17.5: CVE-2025-8713 (played by what it says of its version).
-- Red: test_server_has_no_known_rls_fault
set allow_system_table_mods = on;
create function pg_catalog.setting(text) returns text stable strict language internal as 'show_config_by_name';
-- Not strict: then it is inlined, and only so is a built-in function replaced.
create or replace function pg_catalog.current_setting(text) returns text stable language sql
    as $$ select case $1 when 'server_version_num' then '170005' else setting($1) end $$;
