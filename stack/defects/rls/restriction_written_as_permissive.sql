-- What: one policy lets signed-in people in; the one to restrict them to the event lacks the word restrictive.
-- Leak: everybody signed in: select on public.sessions (any context)
-- Red: test_everybody_keeps_the_approved_access[public.sessions]
-- Red: test_member_stays_within_the_event[public.sessions select]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.sessions outsider]
drop policy "members read" on public.sessions;
create policy "signed-in people read" on public.sessions
    for select to authenticated using ((select auth.uid()) is not null);
create policy "only inside the event" on public.sessions
    for select to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.is_member(private.current_event_id()))
    );
