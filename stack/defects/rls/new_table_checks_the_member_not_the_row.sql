-- What: the new table has no event of its own, and its policy asks only whether the caller belongs to the named event.
-- Leak: organizer, assessor, participant, both: select on public.certificates (in A)
-- Red: test_everybody_keeps_the_approved_access[public.certificates]
-- Red: test_member_stays_within_the_event[public.certificates select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_nothing_has_drifted[relations]
set role postgres;
create table public.certificates (
    id uuid primary key default gen_random_uuid(),
    enrollment_id uuid not null unique references public.enrollments (id),
    number text not null
);
insert into public.certificates (enrollment_id, number)
select enrollment_id, 'K3/2026/' || left(enrollment_id::text, 8) from public.graduation_decisions;
revoke all on public.certificates from anon, authenticated;
grant select on public.certificates to authenticated;
alter table public.certificates enable row level security;
create policy "members read" on public.certificates
    for select to authenticated
    using ((select private.is_member(private.current_event_id())));
