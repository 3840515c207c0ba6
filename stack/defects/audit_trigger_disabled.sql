-- What: the audit trigger was disabled for an import and never enabled again.
-- Red: test_new_decision_leaves_its_entry[*]
-- Red: test_every_decision_has_its_entry
alter table public.graduation_decisions disable trigger audit;
