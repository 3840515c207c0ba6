-- What: a broad policy for all commands is narrowed by a restrictive one that was written for SELECT alone.
-- Leak: everybody signed in: insert, update, delete, move on public.attendance (column-free)
-- Red: test_everybody_keeps_the_approved_access[public.attendance]
-- Red: test_member_stays_within_the_event[public.attendance delete]
-- Red: test_member_stays_within_the_event[public.attendance insert]
-- Red: test_member_stays_within_the_event[public.attendance move]
-- Red: test_member_stays_within_the_event[public.attendance update]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.attendance outsider]
drop policy "members read" on public.attendance;
drop policy "organizers and assessors add" on public.attendance;
drop policy "organizers and assessors change" on public.attendance;
drop policy "organizers and assessors remove" on public.attendance;
create policy "signed-in people" on public.attendance for all to authenticated using (true);
create policy "only inside the event" on public.attendance
    as restrictive for select to authenticated
    using (
        session_id in (select id from public.sessions where event_id = (select private.current_event_id()))
        and (select private.is_member(private.current_event_id()))
    );
