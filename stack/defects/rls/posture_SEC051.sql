-- What: a table without RLS is published by Realtime.
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC051]
set role postgres;
create table public.announcements (
    id uuid primary key, event_id uuid not null references public.events (id), body text
);
revoke all on public.announcements from anon, authenticated;
reset role;
create publication supabase_realtime for table public.announcements;
