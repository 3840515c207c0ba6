-- What: last year's enrolments were put into a child of the table, which inherits no RLS; default grants open it.
-- Leak: everybody: select, insert, update, delete, move on public.enrollments_2025
-- Red: test_everybody_keeps_the_approved_access[public.enrollments_2025]
-- Red: test_member_stays_within_the_event[public.enrollments_2025 *]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC043]
-- Red: test_posture_rule_holds[SEC049]
-- Red: test_stranger_reaches_nothing[public.enrollments_2025 *]
set role postgres;
create table public.enrollments_2025 (
    primary key (id),
    foreign key (event_id) references public.events (id),
    foreign key (event_id, participant_id) references public.participants (event_id, id)
) inherits (public.enrollments);
insert into public.enrollments_2025 (event_id, participant_id, status, created_at)
select event_id, participant_id, 'withdrawn', '2025-06-02' from public.enrollments;
