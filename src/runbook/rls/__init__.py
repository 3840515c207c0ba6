"""Row-level security, proved: what there is, who may reach what, and how each answer was come by."""
