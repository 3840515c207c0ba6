-- What: the audit log's policy asks for the role in the row's event, not for the request's event.
-- Red: test_member_of_two_events_gets_the_one_named[GET /audit]
alter policy "organizers read" on public.audit_log using ((select private.has_role(event_id, 'organizer')));
