-- What: the policy that shows the programme has no FOR, so it also allows what it was not meant for.
-- Leak: assessor, participant: insert, update, delete on public.sessions (own event)
-- Red: test_everybody_keeps_the_approved_access[public.sessions]
-- Red: test_nothing_has_drifted[policies]
drop policy "members read" on public.sessions;
create policy "members see the programme" on public.sessions
    to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.is_member(private.current_event_id()))
    );
