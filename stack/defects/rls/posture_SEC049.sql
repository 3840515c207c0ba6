-- What: a new table's policy lets every signed-in person read all of it, whatever their event.
-- Red: test_everybody_keeps_the_approved_access[public.announcements]
-- Red: test_member_stays_within_the_event[public.announcements select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC049]
-- Red: test_stranger_reaches_nothing[public.announcements outsider]
set role postgres;
create table public.announcements (
    id uuid primary key default gen_random_uuid(), event_id uuid not null references public.events (id), body text
);
revoke all on public.announcements from anon, authenticated;
grant select on public.announcements to authenticated;
alter table public.announcements enable row level security;
create policy "read" on public.announcements for select to authenticated using (true);
