"""Kafka sources: topics of the companies' own, from which events are read."""
