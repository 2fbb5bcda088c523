"""Every SQL statement of the scorer."""
