"""Invitations: the row of each with its states, the mail that asks, and the queue by which it is sent."""
