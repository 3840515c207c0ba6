-- What: a rule makes DELETE a withdrawal; its UPDATE runs as the owner, on whatever rows the caller may read.
-- Leak: assessor, participant: delete on public.enrollments (own event; the rows become withdrawn, 0 are reported)
-- Red: test_everybody_keeps_the_approved_access[public.enrollments]
-- Red: test_posture_rule_holds[rewrite_rule]
-- Unverified: test_member_stays_within_the_event[public.enrollments delete]
-- Unverified: test_stranger_reaches_nothing[public.enrollments *]
set role postgres;
create rule withdraw as on delete to public.enrollments do instead
    update public.enrollments set status = 'withdrawn' where id = old.id;
