-- Participants, their enrolment, and attendance at the event's sessions. Members read, organizers write, and assessors
-- take attendance.
create table public.participants (
    id uuid primary key default gen_random_uuid(),
    event_id uuid not null references public.events (id),
    full_name text not null,
    email text not null,
    created_at timestamptz not null default now(),
    unique (event_id, email),
    unique (event_id, id)
);

-- The composite key keeps an enrolment from pointing at another event's participant, whoever writes it.
create table public.enrollments (
    id uuid primary key default gen_random_uuid(),
    event_id uuid not null references public.events (id),
    participant_id uuid not null,
    status text not null default 'enrolled' check (status in ('enrolled', 'withdrawn')),
    created_at timestamptz not null default now(),
    unique (event_id, participant_id),
    foreign key (event_id, participant_id) references public.participants (event_id, id)
);

create table public.sessions (
    id uuid primary key default gen_random_uuid(),
    event_id uuid not null references public.events (id),
    title text not null,
    held_on date not null,
    created_at timestamptz not null default now()
);
create index on public.sessions (event_id);

-- No event of its own: a row belongs to the event of its session.
create table public.attendance (
    id uuid primary key default gen_random_uuid(),
    session_id uuid not null references public.sessions (id),
    enrollment_id uuid not null references public.enrollments (id),
    present boolean not null,
    created_at timestamptz not null default now(),
    unique (session_id, enrollment_id)
);
create index on public.attendance (enrollment_id);

revoke all on public.participants, public.enrollments, public.sessions, public.attendance from anon, authenticated;
grant select, insert, update, delete
    on public.participants, public.enrollments, public.sessions, public.attendance to authenticated;

alter table public.participants enable row level security;
alter table public.enrollments enable row level security;
alter table public.sessions enable row level security;
alter table public.attendance enable row level security;

create policy "members read" on public.participants
    for select to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.is_member(private.current_event_id()))
    );
create policy "organizers add" on public.participants
    for insert to authenticated
    with check (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    );
create policy "organizers change" on public.participants
    for update to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    )
    with check (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    );
create policy "organizers remove" on public.participants
    for delete to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    );

create policy "members read" on public.enrollments
    for select to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.is_member(private.current_event_id()))
    );
create policy "organizers add" on public.enrollments
    for insert to authenticated
    with check (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    );
create policy "organizers change" on public.enrollments
    for update to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    )
    with check (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    );
create policy "organizers remove" on public.enrollments
    for delete to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    );

create policy "members read" on public.sessions
    for select to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.is_member(private.current_event_id()))
    );
create policy "organizers add" on public.sessions
    for insert to authenticated
    with check (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    );
create policy "organizers change" on public.sessions
    for update to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    )
    with check (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    );
create policy "organizers remove" on public.sessions
    for delete to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    );

-- The subqueries name the event themselves and do not lean on the policies of the tables they read. What is written is
-- checked on both sides: a session of this event with another event's enrolment would be a reference across tenants.
create policy "members read" on public.attendance
    for select to authenticated
    using (
        session_id in (select id from public.sessions where event_id = (select private.current_event_id()))
        and (select private.is_member(private.current_event_id()))
    );
create policy "organizers and assessors add" on public.attendance
    for insert to authenticated
    with check (
        session_id in (select id from public.sessions where event_id = (select private.current_event_id()))
        and enrollment_id in (select id from public.enrollments where event_id = (select private.current_event_id()))
        and (select private.has_role(private.current_event_id(), 'organizer', 'assessor'))
    );
create policy "organizers and assessors change" on public.attendance
    for update to authenticated
    using (
        session_id in (select id from public.sessions where event_id = (select private.current_event_id()))
        and (select private.has_role(private.current_event_id(), 'organizer', 'assessor'))
    )
    with check (
        session_id in (select id from public.sessions where event_id = (select private.current_event_id()))
        and enrollment_id in (select id from public.enrollments where event_id = (select private.current_event_id()))
        and (select private.has_role(private.current_event_id(), 'organizer', 'assessor'))
    );
create policy "organizers and assessors remove" on public.attendance
    for delete to authenticated
    using (
        session_id in (select id from public.sessions where event_id = (select private.current_event_id()))
        and (select private.has_role(private.current_event_id(), 'organizer', 'assessor'))
    );
