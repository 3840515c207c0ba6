-- What: the helper reads the headers without missing_ok: on a connection that never had any it raises 42704.
-- Leak: none; locked out: every member: select on public.event_members (42704; request.headers never set)
-- Red: test_nothing_has_drifted[functions]
create or replace function private.current_event_id() returns uuid
language sql stable set search_path = '' as $$
    select case when header ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then header::uuid end
    from (select nullif(current_setting('request.headers'), '')::jsonb ->> 'x-event-id' as header) as request
$$;
