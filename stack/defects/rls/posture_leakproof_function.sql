-- What: a function was marked LEAKPROOF for the sake of an index, and its error quotes what it is given.
-- Red: test_nothing_has_drifted[functions]
-- Red: test_posture_rule_holds[leakproof_function]
create function private.normalised(email text) returns text
language plpgsql immutable leakproof set search_path = '' as $$
begin
    if email !~ '@' then
        raise exception 'no address: %', email;
    end if;
    return lower(email);
end
$$;
grant execute on function private.normalised(text) to authenticated;
