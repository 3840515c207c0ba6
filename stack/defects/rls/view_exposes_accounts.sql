-- What: a view joins memberships with the accounts in schema auth, as their owner, and default grants open it.
-- Leak: everybody: select on public.member_addresses (any context)
-- Red: test_everybody_keeps_the_approved_access[public.member_addresses]
-- Red: test_member_stays_within_the_event[public.member_addresses select]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC052]
-- Red: test_posture_rule_holds[view_runs_as_owner]
-- Red: test_stranger_reaches_nothing[public.member_addresses *]
set role postgres;
create view public.member_addresses as
    select member.event_id, member.role, account.email
    from public.event_members as member
    join auth.users as account on account.id = member.user_id;
