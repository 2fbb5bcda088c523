"""What two services need and what has no opinion on surveys; the events aside.

events     the contracts: what is said on which topic, with examples
kafka      the exactly-once kernel: batch consumer, relay, dead letters
db         transactions, the kernel's tables, migrations
tenancy    each service's own copy of the tenants and their keys
http       doors: problems, keys, staff, tokens, live pages
pages      the frame, stylesheet and charts that every page shares
telemetry  logs and metrics
"""
