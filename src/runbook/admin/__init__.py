"""The Admin web application: what the API lets its origin do, and what a browser makes of it."""
