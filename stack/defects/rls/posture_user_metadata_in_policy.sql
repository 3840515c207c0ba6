-- What: a policy asks a helper for the caller's role, and the helper believes what people write about themselves.
-- Red: test_nothing_has_drifted[functions]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_posture_rule_holds[user_metadata_in_policy]
set role postgres;
create function private.is_staff() returns boolean language sql stable set search_path = '' as $$
    select coalesce(auth.jwt() -> 'user_metadata' ->> 'role', '') = 'staff'
$$;
grant execute on function private.is_staff() to authenticated;
create policy "staff read" on public.participants for select to authenticated using ((select private.is_staff()));
