"""Preferences: what customers choose about further questions, on the page that each mail links to."""
