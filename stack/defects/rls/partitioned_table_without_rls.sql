-- What: RLS was switched on for the partition alone; the table above it is open by default grants, its policy idle.
-- Leak: everybody: select, insert, update, delete, move on public.scores
-- Red: test_everybody_keeps_the_approved_access[public.scores]
-- Red: test_member_stays_within_the_event[public.scores *]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC032]
-- Red: test_posture_rule_holds[SEC049]
-- Red: test_stranger_reaches_nothing[public.scores *]
set role postgres;
create table public.scores (
    event_id uuid not null references public.events (id),
    enrollment_id uuid not null references public.enrollments (id),
    given_on date not null,
    points integer not null,
    primary key (enrollment_id, given_on)
) partition by range (given_on);
create table public.scores_2026 partition of public.scores for values from ('2026-01-01') to ('2027-01-01');
insert into public.scores (event_id, enrollment_id, given_on, points)
select event_id, id, '2026-03-31', 80 from public.enrollments;

alter table public.scores_2026 enable row level security;
create policy "nobody, but through the table above" on public.scores_2026 using (false);
create policy "members read" on public.scores
    for select to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.is_member(private.current_event_id()))
    );
