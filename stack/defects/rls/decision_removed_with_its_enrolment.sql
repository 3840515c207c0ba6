-- What: the foreign key of decisions cascades, and a cascade asks no policy: final decisions go with the enrolment.
-- Leak: organizer, both: delete on public.graduation_decisions (own event, by deleting its enrolment)
-- Red: test_nothing_has_drifted[relations]
alter table public.graduation_decisions
    drop constraint graduation_decisions_enrollment_id_fkey,
    add foreign key (enrollment_id) references public.enrollments (id) on delete cascade;
