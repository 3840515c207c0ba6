-- What: a decision was restored from a backup with triggers switched off: it has no entry.
-- Red: test_every_decision_has_its_entry
set session_replication_role = replica;
insert into public.graduation_decisions (enrollment_id, outcome, decided_by)
values ('cccccccc-0000-4000-8000-000000000002', 'passed', 'aaaaaaaa-0000-4000-8000-000000000002');
