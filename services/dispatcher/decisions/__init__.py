"""Decisions: one for each event, by the rules about contacting a person, and why it fell so."""
