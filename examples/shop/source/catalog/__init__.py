"""Products: what there is, and how many of it."""
