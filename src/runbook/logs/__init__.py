"""Logs: where they are read, what their lines say, and what stands out in them."""
