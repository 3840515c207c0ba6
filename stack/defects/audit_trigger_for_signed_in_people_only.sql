-- What: the audit trigger fires for signed-in people alone: what a back-end job decides leaves no entry.
-- Red: test_new_decision_leaves_its_entry[service_role]
drop trigger audit on public.graduation_decisions;
create trigger audit after insert or update or delete on public.graduation_decisions
    for each row when (current_user = 'authenticated') execute function private.audit_graduation_decision();
