"""Every SQL statement of the scorer: counting, copies, figures, voices, news."""
