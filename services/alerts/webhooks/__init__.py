"""Webhooks: signed messages to a company's own endpoints, each endpoint's in their order.

domain      what a webhook is, its messages, and what becomes of a try
signing     secrets and signatures (Standard Webhooks)
contents    what each type of message holds
queueing    queues messages in the transaction of what they tell
posting     one request to an endpoint
lanes       the loop that sends: one lane for each webhook
repository  its rows, the deliveries, the lanes and the erasures that are under way
"""
