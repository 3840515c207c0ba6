-- What: a table without a primary key has one policy for all commands, which does not look at the row.
-- Leak: organizer, assessor, participant, both: select, insert, update, delete, move on public.session_notes (in A)
-- Red: test_everybody_keeps_the_approved_access[public.session_notes]
-- Red: test_member_stays_within_the_event[public.session_notes *]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_nothing_has_drifted[relations]
set role postgres;
create table public.session_notes (
    session_id uuid not null references public.sessions (id),
    note text not null
);
insert into public.session_notes (session_id, note)
select id, 'Ruang ' || title from public.sessions;
revoke all on public.session_notes from anon, authenticated;
grant select, insert, update, delete on public.session_notes to authenticated;
alter table public.session_notes enable row level security;
create policy "members share notes" on public.session_notes
    for all to authenticated
    using ((select private.is_member(private.current_event_id())));
