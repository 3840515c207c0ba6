"""The Admin: a static page on its own origin, which talks to the API from the browser."""
