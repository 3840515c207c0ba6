-- Two events and people of every role. They share one password; the setting stack.encrypted_password holds its hash.
insert into auth.users (id, email, encrypted_password)
select id, local_part || '@runbook.example', current_setting('stack.encrypted_password')
from (values
    ('aaaaaaaa-0000-4000-8000-000000000001'::uuid, 'organizer'),
    ('aaaaaaaa-0000-4000-8000-000000000002', 'assessor'),
    ('aaaaaaaa-0000-4000-8000-000000000003', 'participant'),
    ('aaaaaaaa-0000-4000-8000-000000000004', 'organizer-b'),
    ('aaaaaaaa-0000-4000-8000-000000000005', 'assessor-b'),
    ('aaaaaaaa-0000-4000-8000-000000000006', 'participant-b'),
    ('aaaaaaaa-0000-4000-8000-000000000007', 'both'),
    ('aaaaaaaa-0000-4000-8000-000000000008', 'outsider')
) as person (id, local_part);

insert into public.events (id, name, starts_on, ends_on) values
    ('11111111-1111-4111-8111-111111111111', 'Pelatihan Keselamatan 2026 — Jakarta', '2026-02-02', '2026-02-06'),
    ('22222222-2222-4222-8222-222222222222', 'Pelatihan Keselamatan 2026 — Surabaya', '2026-03-02', '2026-03-06');

insert into public.event_members (event_id, user_id, role) values
    ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0000-4000-8000-000000000001', 'organizer'),
    ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0000-4000-8000-000000000002', 'assessor'),
    ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0000-4000-8000-000000000003', 'participant'),
    ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0000-4000-8000-000000000007', 'organizer'),
    ('22222222-2222-4222-8222-222222222222', 'aaaaaaaa-0000-4000-8000-000000000004', 'organizer'),
    ('22222222-2222-4222-8222-222222222222', 'aaaaaaaa-0000-4000-8000-000000000005', 'assessor'),
    ('22222222-2222-4222-8222-222222222222', 'aaaaaaaa-0000-4000-8000-000000000006', 'participant'),
    ('22222222-2222-4222-8222-222222222222', 'aaaaaaaa-0000-4000-8000-000000000007', 'assessor');

insert into public.participants (id, event_id, full_name, email)
select id, event_id::uuid, full_name, local_part || '@peserta.example'
from (values
    ('bbbbbbbb-0000-4000-8000-000000000001'::uuid, '11111111-1111-4111-8111-111111111111', 'Sekar Wulandari', 'sekar'),
    ('bbbbbbbb-0000-4000-8000-000000000002', '11111111-1111-4111-8111-111111111111', 'Bagas Prasetyo', 'bagas'),
    ('bbbbbbbb-0000-4000-8000-000000000003', '11111111-1111-4111-8111-111111111111', 'Ni Made Ayuningtyas', 'ayu'),
    ('bbbbbbbb-0000-4000-8000-000000000004', '11111111-1111-4111-8111-111111111111', 'Rangga Siregar', 'rangga'),
    ('bbbbbbbb-0000-4000-8000-000000000005', '22222222-2222-4222-8222-222222222222', 'Dewi Kusumaningrum', 'dewi'),
    ('bbbbbbbb-0000-4000-8000-000000000006', '22222222-2222-4222-8222-222222222222', 'Yusuf Hidayatullah', 'yusuf'),
    ('bbbbbbbb-0000-4000-8000-000000000007', '22222222-2222-4222-8222-222222222222', 'Maria Lumban Tobing', 'maria'),
    ('bbbbbbbb-0000-4000-8000-000000000008', '22222222-2222-4222-8222-222222222222', 'Andi Mappasessu', 'andi')
) as person (id, event_id, full_name, local_part);

-- An enrolment's id is its participant's, c for b.
insert into public.enrollments (id, event_id, participant_id)
select overlay(id::text placing 'cccccccc' from 1)::uuid, event_id, id from public.participants;

insert into public.sessions (id, event_id, title, held_on) values
    ('dddddddd-0000-4000-8000-000000000001', '11111111-1111-4111-8111-111111111111', 'Dasar keselamatan', '2026-02-02'),
    ('dddddddd-0000-4000-8000-000000000002', '11111111-1111-4111-8111-111111111111', 'Praktik evakuasi', '2026-02-03'),
    ('dddddddd-0000-4000-8000-000000000005', '22222222-2222-4222-8222-222222222222', 'Dasar keselamatan', '2026-03-02'),
    ('dddddddd-0000-4000-8000-000000000006', '22222222-2222-4222-8222-222222222222', 'Praktik evakuasi', '2026-03-03');

-- Everybody came to the first session; those who failed missed the second.
insert into public.attendance (session_id, enrollment_id, present)
select session.id, enrollment.id,
       session.title = 'Dasar keselamatan'
           or enrollment.id not in ('cccccccc-0000-4000-8000-000000000004', 'cccccccc-0000-4000-8000-000000000008')
from public.sessions as session
join public.enrollments as enrollment on enrollment.event_id = session.event_id;

-- Two decisions an event, by its assessor: the claims make the audit log say so. The other two stay undecided.
select set_config('request.jwt.claims', '{"sub": "aaaaaaaa-0000-4000-8000-000000000002"}', true);
insert into public.graduation_decisions (enrollment_id, outcome) values
    ('cccccccc-0000-4000-8000-000000000001', 'passed'),
    ('cccccccc-0000-4000-8000-000000000004', 'failed');

select set_config('request.jwt.claims', '{"sub": "aaaaaaaa-0000-4000-8000-000000000005"}', true);
insert into public.graduation_decisions (enrollment_id, outcome) values
    ('cccccccc-0000-4000-8000-000000000005', 'passed'),
    ('cccccccc-0000-4000-8000-000000000008', 'failed');
