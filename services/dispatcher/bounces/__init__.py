"""Bounces and complaints: what providers and mail servers report of our mails, and what it does."""
