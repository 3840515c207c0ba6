-- Graduation decisions and the audit log that the database itself writes about them.
create table public.graduation_decisions (
    id uuid primary key default gen_random_uuid(),
    enrollment_id uuid not null unique references public.enrollments (id),
    outcome text not null check (outcome in ('passed', 'failed')),
    note text,
    decided_by uuid not null default auth.uid() references auth.users (id),
    decided_at timestamptz not null default now()
);
create index on public.graduation_decisions (decided_by);

-- Who is an id without a foreign key: an entry outlives the person's account.
create table public.audit_log (
    id bigint generated always as identity primary key,
    event_id uuid not null references public.events (id),
    actor_id uuid,
    action text not null
        check (action in ('graduation_decision.insert', 'graduation_decision.update', 'graduation_decision.delete')),
    record_id uuid not null,
    occurred_at timestamptz not null default now(),
    detail jsonb not null
);
create index on public.audit_log (event_id);

-- Security definer: nobody who makes a decision may write the log. It keeps the outcome, and no personal data.
create function private.audit_graduation_decision() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    decision public.graduation_decisions := case when tg_op = 'DELETE' then old else new end;
begin
    insert into public.audit_log (event_id, actor_id, action, record_id, detail)
    select enrollment.event_id, auth.uid(), 'graduation_decision.' || lower(tg_op), decision.id,
           jsonb_build_object('outcome', decision.outcome)
    from public.enrollments as enrollment
    where enrollment.id = decision.enrollment_id;
    return null;
end
$$;

create trigger audit after insert or update or delete on public.graduation_decisions
    for each row execute function private.audit_graduation_decision();

create function private.refuse_change() returns trigger
language plpgsql set search_path = '' as $$
begin
    raise exception '% on %.% is refused: it is append-only', tg_op, tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;

-- For each statement, so that it holds for no row too; always, so that session_replication_role does not switch it off.
create trigger append_only before update or delete or truncate on public.audit_log
    for each statement execute function private.refuse_change();
alter table public.audit_log enable always trigger append_only;

revoke execute on function private.audit_graduation_decision(), private.refuse_change() from public;

revoke all on public.graduation_decisions from anon, authenticated;
grant select, insert on public.graduation_decisions to authenticated;
revoke all on public.audit_log from anon, authenticated, service_role;
grant select on public.audit_log to authenticated, service_role;
revoke all on sequence public.audit_log_id_seq from anon, authenticated, service_role;

alter table public.graduation_decisions enable row level security;
alter table public.audit_log enable row level security;

-- A decision is final: nobody changes or removes one through the API.
create policy "organizers and assessors read" on public.graduation_decisions
    for select to authenticated
    using (
        enrollment_id in (select id from public.enrollments where event_id = (select private.current_event_id()))
        and (select private.has_role(private.current_event_id(), 'organizer', 'assessor'))
    );
create policy "organizers and assessors decide in their own name" on public.graduation_decisions
    for insert to authenticated
    with check (
        enrollment_id in (select id from public.enrollments where event_id = (select private.current_event_id()))
        and (select private.has_role(private.current_event_id(), 'organizer', 'assessor'))
        and decided_by = (select auth.uid())
    );

create policy "organizers read" on public.audit_log
    for select to authenticated
    using (
        event_id = (select private.current_event_id())
        and (select private.has_role(private.current_event_id(), 'organizer'))
    );
