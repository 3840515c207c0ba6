"""The database as operators and as personas of the API see it."""
