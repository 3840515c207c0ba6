-- What: an enrolment was moved to another event after its decision: the entry is in the old one.
-- Red: test_entry_says[event]
insert into public.participants (id, event_id, full_name, email) values
    ('bbbbbbbb-0000-4000-8000-000000000009', '22222222-2222-4222-8222-222222222222',
     'Sekar Wulandari', 'sekar@peserta.example');
update public.enrollments
set event_id = '22222222-2222-4222-8222-222222222222', participant_id = 'bbbbbbbb-0000-4000-8000-000000000009'
where id = 'cccccccc-0000-4000-8000-000000000001';
