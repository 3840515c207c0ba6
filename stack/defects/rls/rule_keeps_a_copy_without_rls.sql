-- What: a rule copies every new participant into a table without RLS, which default grants open to everybody.
-- Leak: everybody: select, insert, update, delete, move on public.participants_copy (any context)
-- Red: test_everybody_keeps_the_approved_access[public.participants_copy]
-- Red: test_member_stays_within_the_event[public.participants_copy *]
-- Red: test_nothing_has_drifted[grants]
-- Red: test_nothing_has_drifted[relations]
-- Red: test_posture_rule_holds[SEC049]
-- Red: test_posture_rule_holds[rewrite_rule]
-- Red: test_stranger_reaches_nothing[public.participants_copy *]
set role postgres;
create table public.participants_copy as select * from public.participants;
create rule keep_a_copy as on insert to public.participants do also
    insert into public.participants_copy values (new.*);
