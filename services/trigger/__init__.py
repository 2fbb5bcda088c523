"""Takes in what may start a survey.

says   transactions (straight to the broker: 202 means acknowledged), tenants (through the outbox)
hears  nothing
owns   tenants and their API keys
"""
