"""Sizes and times that several parts must agree on.

``deploy/kafka/topics.yaml`` says the same to the broker; a test compares the two.
"""

from datetime import timedelta

MAX_EVENT_BYTES = 512 * 1024
"""Of one event. A larger one would stop the relay for ever, so it is refused before it reaches the outbox."""
MAX_BATCH_BYTES = 256 * 1024
"""A record batch of several events is closed here: a topic's limit is on the batch, not on the record."""
MAX_ACCEPTED_EVENT_BYTES = 400_000
"""Of one event that the trigger publishes without an outbox, and of the batch that several requests share."""
FETCH_BYTES = 1_100_000
"""Of one partition in one fetch: more than the largest batch of any topic."""
MAX_ATTRIBUTES_BYTES = 64 * 1024
"""Of a client's own attributes of one event: invitations and answers carry them on."""
TOPIC_RETENTION = timedelta(days=14)
"""What holds personal data stands on a topic for so long."""
