-- What: a decision was given an earlier date, for a certificate.
-- Red: test_entry_says[when]
update public.graduation_decisions set decided_at = decided_at - interval '1 month'
where enrollment_id = 'cccccccc-0000-4000-8000-000000000001';
