-- What: the policy on the audit log asks for the role in the row's event, and no longer for the event that the request is in.
-- Red: test_member_of_two_events_gets_the_one_named[GET /audit]
alter policy "organizers read" on public.audit_log using ((select private.has_role(event_id, 'organizer')));
