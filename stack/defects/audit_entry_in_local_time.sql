-- What: the audit trigger writes Jakarta's wall clock into a column that means UTC: seven hours off.
-- Red: test_new_decision_leaves_its_entry[*]
-- Red: test_entry_says[when]
create or replace function private.audit_graduation_decision() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into public.audit_log (event_id, actor_id, action, record_id, occurred_at, detail)
    select enrollment.event_id, auth.uid(), 'graduation_decision.insert', new.id,
           now() at time zone 'Asia/Jakarta', jsonb_build_object('outcome', new.outcome)
    from public.enrollments as enrollment
    where enrollment.id = new.enrollment_id;
    return null;
end
$$;
