-- What: drafts of sessions have no event yet, and whatever has no event was let through for everybody signed in.
-- Leak: everybody signed in: select on public.sessions (rows with event_id null, any context)
-- Red: test_everybody_keeps_the_approved_access[public.sessions]
-- Red: test_member_stays_within_the_event[public.sessions select]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_stranger_reaches_nothing[public.sessions outsider]
alter table public.sessions alter column event_id drop not null;
alter policy "members read" on public.sessions
    using (
        event_id is null
        or (
            event_id = (select private.current_event_id())
            and (select private.is_member(private.current_event_id()))
        )
    );
insert into public.sessions (id, event_id, title, held_on)
values ('dddddddd-0000-4000-8000-000000000009', null, 'Ujian akhir Surabaya (draf)', '2026-03-06');
