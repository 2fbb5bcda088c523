"""Sizes and times that several modules must agree on.

``deploy/kafka/topics.yaml`` sets the same at the broker; a test compares the two.
"""

from datetime import timedelta

MAX_EVENT_BYTES = 512 * 1024
"""Of one event. A larger one would stop the relay for ever: it is refused before it reaches the outbox."""
MAX_BATCH_BYTES = 256 * 1024
"""Of a record batch with several events: a topic limits its batches, not its records."""
MAX_ACCEPTED_EVENT_BYTES = 400_000
"""Of one event that the trigger publishes without an outbox, and of a batch that several requests share."""
FETCH_BYTES = 1_100_000
"""Of one partition in one fetch: more than the largest batch of any topic."""
MAX_ATTRIBUTES_BYTES = 64 * 1024
"""Of the attributes that a client adds to an event: invitations contain them too."""
TOPIC_RETENTION = timedelta(days=14)
"""How long topics with personal data keep their records."""
