-- What: people were to enrol themselves; the policy asks for an account and for nothing else.
-- Leak: everybody signed in: insert on public.enrollments (any context)
-- Red: test_everybody_keeps_the_approved_access[public.enrollments]
-- Red: test_member_stays_within_the_event[public.enrollments insert]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.enrollments outsider]
create policy "people enrol" on public.enrollments
    for insert to authenticated with check ((select auth.uid()) is not null);
