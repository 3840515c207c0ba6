-- What: a decision was deleted; its entry tells of something that is not there.
-- Red: test_every_entry_has_its_decision
delete from public.graduation_decisions where enrollment_id = 'cccccccc-0000-4000-8000-000000000004';
