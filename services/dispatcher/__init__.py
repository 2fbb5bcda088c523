"""Decides who is asked, when and how, and sends: the one gate to a customer.

consumes   tenants, transactions, answers, cases
publishes  surveys, sending, invitations
owns       surveys, decisions, invitations with their deliveries, suppressions, how each tenant sends
"""
