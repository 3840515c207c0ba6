-- Events are the tenants. Who may see what inside one is decided by membership and by the event that the request names.
create table public.events (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    starts_on date not null,
    ends_on date not null check (ends_on >= starts_on),
    created_at timestamptz not null default now()
);

create table public.event_members (
    event_id uuid not null references public.events (id),
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null check (role in ('organizer', 'assessor', 'participant')),
    created_at timestamptz not null default now(),
    primary key (event_id, user_id)
);
create index on public.event_members (user_id);

-- Helpers of the policies. Not exposed by the API: schema private is granted for use in policies only.
create schema private;
grant usage on schema private to authenticated, service_role;

-- The event that the request's x-event-id names, in its one canonical form; null for anything else, never an error.
create function private.current_event_id() returns uuid
language sql stable set search_path = '' as $$
    select case when header ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then header::uuid end
    from (
        select case when pg_input_is_valid(headers, 'jsonb') then headers::jsonb ->> 'x-event-id' end as header
        from current_setting('request.headers', true) as headers
    ) as request
$$;

-- Both are security definer: they read memberships that the caller's own policies would hide, and keep the policies on
-- event_members from calling themselves. They tell a caller nothing but the caller's own memberships.
create function private.is_member(event uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.event_members as member
        where member.event_id = is_member.event and member.user_id = (select auth.uid())
    )
$$;

create function private.has_role(event uuid, variadic roles text[]) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.event_members as member
        where member.event_id = has_role.event
          and member.user_id = (select auth.uid())
          and member.role = any (has_role.roles)
    )
$$;

revoke execute on all functions in schema private from public;
grant execute on all functions in schema private to authenticated, service_role;

-- Supabase's default privileges opened both tables: what no policy is for is not granted either.
revoke all on public.events, public.event_members from anon, authenticated;
grant select on public.events, public.event_members to authenticated;

alter table public.events enable row level security;
alter table public.event_members enable row level security;

-- By membership alone: the list of one's events is what one picks the context from.
create policy "members read their events" on public.events
    for select to authenticated
    using (id in (select event_id from public.event_members where user_id = (select auth.uid())));

create policy "people read their own memberships, members those of the event" on public.event_members
    for select to authenticated
    using (
        user_id = (select auth.uid())
        or (
            event_id = (select private.current_event_id())
            and (select private.is_member(private.current_event_id()))
        )
    );
