"""Dry runs: what would have become of the events of the last days under other rules."""
