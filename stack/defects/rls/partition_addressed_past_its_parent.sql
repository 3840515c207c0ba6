-- What: RLS of a partitioned table does not bind its partitions, and the new one was made with the default grants.
-- Leak: everybody: select, insert, update, delete, move on public.check_ins_2026
-- Red: test_everybody_keeps_the_approved_access[public.check_ins]
-- Red: test_everybody_keeps_the_approved_access[public.check_ins_2026]
-- Red: test_member_stays_within_the_event[public.check_ins_2026 *]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC041]
-- Red: test_posture_rule_holds[SEC049]
-- Red: test_stranger_reaches_nothing[public.check_ins_2026 *]
set role postgres;
create table public.check_ins (
    event_id uuid not null references public.events (id),
    enrollment_id uuid not null references public.enrollments (id),
    day date not null,
    primary key (enrollment_id, day)
) partition by range (day);
revoke all on public.check_ins from anon, authenticated;
grant select on public.check_ins to authenticated;
alter table public.check_ins enable row level security;
create policy "members read" on public.check_ins
    for select to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.is_member(private.current_event_id()))
    );
create table public.check_ins_2026 partition of public.check_ins for values from ('2026-01-01') to ('2027-01-01');
insert into public.check_ins (event_id, enrollment_id, day)
select event_id, id, '2026-05-04' from public.enrollments;
