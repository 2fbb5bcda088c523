"""Senders: the addresses that surveys come from, the keys that sign their mails, and what DNS says."""
