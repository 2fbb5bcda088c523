"""Kafka: ``kernel`` reads and writes exactly once, ``ops`` watches topics and restores what was lost."""
