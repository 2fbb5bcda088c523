"""The statements about decisions, and about the contacts whose rows are locked while they are made."""
