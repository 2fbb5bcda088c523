"""A whole Afterword on one machine: Kafka, PostgreSQL, a mailbox and the services, under one supervisor."""
