-- What: an audit entry was written by hand, for a decision that nobody made.
-- Red: test_every_entry_has_its_decision
insert into public.audit_log (event_id, actor_id, action, record_id, detail)
values ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0000-4000-8000-000000000002',
        'graduation_decision.insert', gen_random_uuid(), '{"outcome": "passed"}');
