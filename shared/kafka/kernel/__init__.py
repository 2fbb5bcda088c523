"""The exactly-once kernel, and nothing else.

One batch, of one partition or of several, is one transaction. Its first statement moves the stored position
of each partition from the batch's beginning to its end, or the transaction rolls back: so a batch is applied
once, whichever consumer applies it. What handlers publish goes to the outbox in the same transaction; the
relay publishes it at least once, and consumers keep the highest version of each thing. Kafka's own committed
offset is not used.
"""

from shared.kafka.kernel import aiokafka_patch as aiokafka_patch
from shared.kafka.kernel.consumer import BatchConsumer
from shared.kafka.kernel.handling import Handler, Subscription
from shared.kafka.kernel.publisher import Publisher, Unavailable
from shared.kafka.kernel.relay import Relay

__all__ = ["BatchConsumer", "Handler", "Publisher", "Relay", "Subscription", "Unavailable"]
