"""All of Afterword on one machine: Kafka, PostgreSQL, a mailbox and the services, under one supervisor.

``README.md`` says what the supervisor promises, which files there are, and how to debug them.
"""
