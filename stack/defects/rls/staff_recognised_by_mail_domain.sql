-- What: whoever has an address of the training centre's domain is taken for its staff, in every event.
-- Leak: everybody signed in: select on public.participants, public.event_roster (address in auth.users, any context)
-- Red: test_nothing_has_drifted[functions]
-- Red: test_nothing_has_drifted[policies]
create function private.is_staff() returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (
        select from auth.users where id = (select auth.uid()) and email like '%@runbook.example'
    )
$$;
alter function private.is_staff() owner to postgres;
revoke execute on function private.is_staff() from public;
grant execute on function private.is_staff() to authenticated;
create policy "staff read" on public.participants
    for select to authenticated using ((select private.is_staff()));
