-- Reference data that is public on purpose, and two views over what the caller may see.
create table public.provinces (
    code text primary key,
    name text not null unique
);

-- ISO 3166-2:ID
insert into public.provinces (code, name) values
    ('ID-AC', 'Aceh'), ('ID-BA', 'Bali'), ('ID-BB', 'Kepulauan Bangka Belitung'),
    ('ID-BE', 'Bengkulu'), ('ID-BT', 'Banten'), ('ID-GO', 'Gorontalo'),
    ('ID-JA', 'Jambi'), ('ID-JB', 'Jawa Barat'), ('ID-JI', 'Jawa Timur'),
    ('ID-JK', 'Jakarta'), ('ID-JT', 'Jawa Tengah'), ('ID-KB', 'Kalimantan Barat'),
    ('ID-KI', 'Kalimantan Timur'), ('ID-KR', 'Kepulauan Riau'), ('ID-KS', 'Kalimantan Selatan'),
    ('ID-KT', 'Kalimantan Tengah'), ('ID-KU', 'Kalimantan Utara'), ('ID-LA', 'Lampung'),
    ('ID-MA', 'Maluku'), ('ID-MU', 'Maluku Utara'), ('ID-NB', 'Nusa Tenggara Barat'),
    ('ID-NT', 'Nusa Tenggara Timur'), ('ID-PA', 'Papua'), ('ID-PB', 'Papua Barat'),
    ('ID-PD', 'Papua Barat Daya'), ('ID-PE', 'Papua Pegunungan'), ('ID-PS', 'Papua Selatan'),
    ('ID-PT', 'Papua Tengah'), ('ID-RI', 'Riau'), ('ID-SA', 'Sulawesi Utara'),
    ('ID-SB', 'Sumatera Barat'), ('ID-SG', 'Sulawesi Tenggara'), ('ID-SN', 'Sulawesi Selatan'),
    ('ID-SR', 'Sulawesi Barat'), ('ID-SS', 'Sumatera Selatan'), ('ID-ST', 'Sulawesi Tengah'),
    ('ID-SU', 'Sumatera Utara'), ('ID-YO', 'DI Yogyakarta');

-- Security invoker: a view of the owner's would pass every policy below it.
create view public.event_roster with (security_invoker = true) as
    select participant.event_id, participant.id as participant_id, participant.full_name,
           enrollment.id as enrollment_id, enrollment.status
    from public.participants as participant
    left join public.enrollments as enrollment
        on enrollment.event_id = participant.event_id and enrollment.participant_id = participant.id;

create view public.decision_summary with (security_invoker = true) as
    select enrollment.event_id, decision.outcome, count(*) as decisions
    from public.graduation_decisions as decision
    join public.enrollments as enrollment on enrollment.id = decision.enrollment_id
    group by enrollment.event_id, decision.outcome;

revoke all on public.provinces, public.event_roster, public.decision_summary from anon, authenticated;
grant select on public.provinces to anon, authenticated;
grant select on public.event_roster, public.decision_summary to authenticated;

alter table public.provinces enable row level security;
create policy "everybody reads" on public.provinces for select to anon, authenticated using (true);
