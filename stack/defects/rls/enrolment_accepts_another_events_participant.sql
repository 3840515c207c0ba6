-- What: the foreign key to participants was made anew on the id alone, and no longer ties the event.
-- Leak: organizer, both: insert, update on public.enrollments (in A; an enrolment of A with a participant of B)
-- Red: test_member_stays_within_the_event[public.enrollments insert]
-- Red: test_member_stays_within_the_event[public.enrollments move]
-- Red: test_nothing_has_drifted[relations]
alter table public.enrollments
    drop constraint enrollments_event_id_participant_id_fkey,
    add foreign key (participant_id) references public.participants (id);
