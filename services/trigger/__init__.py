"""Accepts the events that may start a survey.

consumes   nothing
publishes  transactions (straight to the broker: 202 means acknowledged), tenants (through the outbox)
owns       tenants and their API keys
"""
