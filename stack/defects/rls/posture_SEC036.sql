-- What: a policy asks whether there is an account of staff, not whether the caller is one.
-- Red: test_nothing_has_drifted[policies]
-- Red: test_posture_rule_holds[SEC036]
grant usage on schema auth to authenticated;
grant select (id, role) on auth.users to authenticated;
create policy "staff read" on public.participants
    for select to authenticated using (exists (select from auth.users as u where u.role = 'authenticated'));
