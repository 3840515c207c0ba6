-- What: a security definer trigger copies every change of a participant into a feed that all signed-in people read.
-- Leak: everybody signed in: select on public.recent_changes (any context; rows in jsonb, no event column)
-- Red: test_everybody_keeps_the_approved_access[public.recent_changes]
-- Red: test_nothing_has_drifted[functions]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[policies]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC049]
-- Red: test_relation_belongs_somewhere[public.recent_changes]
-- Red: test_stranger_reaches_nothing[public.recent_changes outsider]
set role postgres;
create table public.recent_changes (
    id bigint generated always as identity primary key,
    changed_at timestamptz not null default now(),
    entry jsonb not null
);
revoke all on public.recent_changes from anon, authenticated;
grant select on public.recent_changes to authenticated;
alter table public.recent_changes enable row level security;
create policy "signed-in people read" on public.recent_changes for select to authenticated using (true);
create function private.note_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into public.recent_changes (entry) values (to_jsonb(new));
    return null;
end
$$;
revoke execute on function private.note_change() from public;
create trigger note_change after insert or update on public.participants
    for each row execute function private.note_change();
insert into public.recent_changes (entry)
select to_jsonb(participant) from public.participants as participant;
