"""Decides who is asked, when and how, and sends: the one gate to a customer.

hears  tenants, transactions, answers, cases
says   surveys, invitations
owns   surveys, decisions, invitations with their deliveries, suppressions, the state of sending
"""
