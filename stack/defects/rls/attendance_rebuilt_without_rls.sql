-- What: attendance was rebuilt with `like ... including all`, which copies no RLS; default grants open it.
-- Leak: everybody: select, insert, update, delete, move on public.attendance
-- Red: test_everybody_keeps_the_approved_access[public.attendance]
-- Red: test_member_stays_within_the_event[public.attendance *]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC049]
-- Red: test_stranger_reaches_nothing[public.attendance *]
set role postgres;
create table public.attendance_new (like public.attendance including all);
insert into public.attendance_new select * from public.attendance;
drop table public.attendance;
alter table public.attendance_new rename to attendance;
alter table public.attendance
    add foreign key (session_id) references public.sessions (id),
    add foreign key (enrollment_id) references public.enrollments (id);
