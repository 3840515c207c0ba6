-- What: a decision was changed after the fact: its entry says something else.
-- Red: test_entry_says[what]
update public.graduation_decisions set outcome = 'passed' where outcome = 'failed';
