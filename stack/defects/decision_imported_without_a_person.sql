-- What: decisions were imported by a script: nobody was signed in, so the entry names nobody.
-- Red: test_entry_says[who]
insert into public.graduation_decisions (enrollment_id, outcome, decided_by)
values ('cccccccc-0000-4000-8000-000000000002', 'passed', 'aaaaaaaa-0000-4000-8000-000000000002');
