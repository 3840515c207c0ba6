-- What: an index that was built concurrently failed and stayed behind, invalid.
-- Red: test_nothing_is_half_applied[invalid index]
update pg_index set indisvalid = false where indexrelid = 'public.attendance_enrollment_id_idx'::regclass;
