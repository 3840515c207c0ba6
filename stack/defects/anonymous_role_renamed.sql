-- What: the anonymous role got another name, and the settings still have the old one.
-- Red: test_api_role_cannot_pass_by_rls[anonymous_role]
-- Unverified: test_evidence_cannot_be_changed[anonymous_role-UPDATE]
-- Unverified: test_evidence_cannot_be_changed[anonymous_role-DELETE]
-- Unverified: test_evidence_cannot_be_changed[anonymous_role-TRUNCATE]
alter role anon rename to web_anon;
