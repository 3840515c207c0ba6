-- What: an address may be registered once in all events, so the refusal tells who takes part in another one.
-- Leak: organizer, both: insert, update on public.participants (in A; 23505 tells that the address is known in B)
-- Red: test_nothing_has_drifted[relations]
alter table public.participants add constraint participants_email_key unique (email);
