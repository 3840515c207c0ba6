-- What: the disk was full, the database was made read-only, and nobody made it writable again.
-- Red: test_database_is_writable
-- Unverified: test_new_decision_leaves_its_entry[*]
alter database postgres set default_transaction_read_only = on;
