"""Suppressions: the addresses and customer ids that are never asked, and how entries come and go."""
