"""Kafka: ``kernel`` applies and publishes events exactly once, ``ops`` holds the operator's tools."""
