-- What: the audit trigger no longer says who decided.
-- Red: test_new_decision_leaves_its_entry[*]
-- Red: test_entry_says[who]
create or replace function private.audit_graduation_decision() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into public.audit_log (event_id, actor_id, action, record_id, occurred_at, detail)
    select enrollment.event_id, null, 'graduation_decision.insert', new.id,
           now(), jsonb_build_object('outcome', new.outcome)
    from public.enrollments as enrollment
    where enrollment.id = new.enrollment_id;
    return null;
end
$$;
