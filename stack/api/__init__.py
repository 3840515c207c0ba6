"""The reference API: events over PostgreSQL, where row-level security is the only wall between two events."""
