-- What: privileges of a table were revoked to be granted column by column, which was never done.
-- Leak: none; locked out: every member: select on public.sessions, public.attendance (42501)
-- Red: test_everybody_keeps_the_approved_access[public.attendance]
-- Red: test_everybody_keeps_the_approved_access[public.sessions]
-- Red: test_nothing_has_drifted[grants]
revoke all on public.sessions from authenticated;
