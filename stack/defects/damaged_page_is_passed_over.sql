-- What: a page of the events is damaged and passed over; all that tells of it is a warning in the database's log.
-- Red: test_database_log_shows_no[corruption]
create function public.read_damaged() returns boolean language plpgsql as $$
begin
    raise warning 'invalid page in block 7 of relation "base/5/16384"' using errcode = 'data_corrupted';
    return true;
end;
$$;
create policy damaged on public.events as restrictive for select to authenticated using ((select public.read_damaged()));
