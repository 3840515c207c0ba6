"""The reference system: a PostgreSQL with Supabase's roles, an API and an Admin page, started by `python -m stack`."""
