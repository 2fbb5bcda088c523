"""Keeps what the answers add up to.

hears  answers, invitations, surveys, cases, tenants
says   scores
owns   the answers it has counted, counts per segment and day
"""
