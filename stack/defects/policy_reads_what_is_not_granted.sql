-- What: a policy looks up a table that the API may not read; a route refuses, and only the database log tells why.
-- Red: test_database_log_shows_no[permission]
create function public.is_current() returns boolean language plpgsql stable as $$
begin
    if current_setting('request.path', true) = '/events/current' then
        perform from supabase_migrations.schema_migrations;
    end if;
    return true;
end;
$$;
create policy current_event on public.events as restrictive for select to authenticated using ((select public.is_current()));
