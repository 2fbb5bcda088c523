"""Statements about webhooks.

webhooks    the endpoints, and who wants to hear what
deliveries  the messages: queued, listed, sent again, erased
lanes       what a sender claims, reads and settles
export      what messages hold of one customer
erasures    which services have confirmed the erasures that are told
"""
