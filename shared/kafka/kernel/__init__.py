"""The exactly-once kernel, and nothing else.

One batch of one partition is one transaction. Its first statement moves the stored position from where this
owner stands to the batch's end, or rolls back; so whoever applies a batch, it is applied once. What handlers
say goes to the outbox in the same transaction; the relay publishes it at least once, and readers keep the
highest version of each thing. Kafka's own committed offset is for lag dashboards only.
"""

from shared.kafka.kernel import aiokafka_patch as aiokafka_patch
from shared.kafka.kernel.consumer import BatchConsumer
from shared.kafka.kernel.handling import Handler, Subscription
from shared.kafka.kernel.publisher import Publisher, Unavailable
from shared.kafka.kernel.relay import Relay

__all__ = ["BatchConsumer", "Handler", "Publisher", "Relay", "Subscription", "Unavailable"]
