-- What: a new table came with its policy, and RLS was never switched on.
-- Red: test_everybody_keeps_the_approved_access[public.certificates]
-- Red: test_member_stays_within_the_event[public.certificates select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC032]
-- Red: test_posture_rule_holds[SEC049]
-- Red: test_stranger_reaches_nothing[public.certificates outsider]
set role postgres;
create table public.certificates (id uuid primary key, event_id uuid not null references public.events (id));
revoke all on public.certificates from anon, authenticated;
grant select on public.certificates to authenticated;
create policy "members read" on public.certificates for select to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.is_member(private.current_event_id()))
    );
