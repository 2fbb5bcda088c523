"""Collects the answers.

consumes   tenants, surveys, invitations, cases
publishes  answers
owns       answers and their history, and the visits of links
"""
