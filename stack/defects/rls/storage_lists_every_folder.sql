-- What: files of all events lie in one bucket of Supabase Storage, and the policy for reading asks for the bucket alone.
-- Leak: outsider, organizer, assessor, participant, both: select on storage.objects
-- Red: test_everybody_keeps_the_approved_access[storage.objects]
-- Red: test_member_stays_within_the_event[storage.objects select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_stranger_reaches_nothing[storage.objects outsider]
create schema storage;
grant usage on schema storage to anon, authenticated, service_role;
create table storage.buckets (
    id text primary key,
    name text not null unique,
    public boolean not null default false
);
create table storage.objects (
    id uuid primary key default gen_random_uuid(),
    bucket_id text references storage.buckets (id),
    name text,
    owner_id text,
    metadata jsonb,
    created_at timestamptz not null default now(),
    unique (bucket_id, name)
);
alter table storage.buckets enable row level security;
alter table storage.objects enable row level security;
alter table storage.buckets owner to postgres;
alter table storage.objects owner to postgres;
grant all on storage.buckets, storage.objects to postgres, anon, authenticated, service_role;
create policy "members read the files" on storage.objects for select to authenticated
    using (bucket_id is not null);
create policy "organizers add files to their event's folder" on storage.objects for insert to authenticated
    with check (
        split_part(name, '/', 1) = (select private.current_event_id())::text
        and (select private.has_role(private.current_event_id(), 'organizer'))
    );
