-- A role that the API acts as reaches power over rows: BYPASSRLS, REPLICATION, CREATEROLE or a predefined role.
--
-- What: the anonymous role, the signed-in role or the API's login is a member, directly or not, of a role that is bound
-- by no policy, may stream every row, may grant itself other roles, or reads or writes tables and files of everybody.
-- service_role is what the login is meant to become; being superuser or owner is what H4 looks at.
-- Why it leaks: attributes are not inherited, but membership is one SET ROLE away, and predefined roles are inherited.
-- Remedy: revoke the membership from the role.
-- Source: postgresql.org/docs/current/role-membership.html, predefined-roles.html; pgrls SEC029 tells neither the
-- login's intended membership nor the predefined roles apart.
with recursive reached (origin, oid) as (
    select oid, oid from pg_roles where rolname in (%(anonymous_role)s, %(signed_in_role)s, %(api_login)s)
    union
    select reached.origin, target.oid
    from reached
    join pg_auth_members as membership on membership.member = reached.oid
    join pg_roles as target on target.oid = membership.roleid
    join pg_roles as origin on origin.oid = reached.origin
    -- What the login becomes for a request is looked at by itself; service_role is meant to have power.
    where origin.rolname <> %(api_login)s
       or target.rolname not in (%(anonymous_role)s, %(signed_in_role)s, %(service_role)s)
),
power (origin, name, can) as (
    select origin.rolname, target.rolname, array_remove(array[
        case when target.rolbypassrls and target.oid <> origin.oid then 'bypasses every policy' end,
        case when target.rolreplication then 'may stream every row by replication' end,
        case when target.rolcreaterole then 'may grant itself other roles' end,
        case when target.rolname in (
            'pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files',
            'pg_execute_server_program'
        ) then 'reaches what nobody granted to it' end
    ], null)
    from reached
    join pg_roles as target on target.oid = reached.oid
    join pg_roles as origin on origin.oid = reached.origin
)
select origin, case when origin = name then origin else origin || ' can act as ' || name || ', which' end
    || ' ' || array_to_string(can, ' and ')
    || case when origin = name then ': take that attribute from ' || quote_ident(origin)
        else ': revoke the membership that leads from ' || quote_ident(origin) || ' to ' || quote_ident(name) end
from power
where can <> '{}'
order by origin, name
