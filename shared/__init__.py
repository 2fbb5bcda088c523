"""What two or more services need, and knows nothing of surveys; the events aside.

events     the contracts: every kind of event on its topic, with examples
kafka      the exactly-once kernel (consumer, outbox relay, dead letters), and the operator's tools
db         transactions, bulk writes, notifications, the kernel's tables, migrations
tenancy    each service's replica of the tenants, and the API keys
mail       messages, and one connection to the mail server
outbound   the queue of mails: claims, leases, retries, outcomes
http       middleware, authentication, problems, rate limits, live pages
pages      the frame, stylesheet and charts of every page
values     addresses, phone numbers, languages, time zones, texts: parsed and normalized
telemetry  logs and metrics
cli        commands for operators
"""
