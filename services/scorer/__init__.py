"""Counts the answers, and serves scores of any segment and window as JSON and as pages.

consumes   answers, invitations, surveys, sending, cases, tenants
publishes  scores
owns       the answers as counted, the counts per segment and day
"""
