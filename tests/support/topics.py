"""Topics as they are declared, in the size of a test's broker."""

from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient

from shared.kafka.ops.drift import apply, compare, describe_topics
from shared.kafka.ops.topics import declaration, declared

PARTITIONS = declaration().partitions


def topic_configs(*, compacted: bool, dead: bool = False) -> dict[str, str]:
    """The settings of a topic of this kind."""
    name = "any.dlq" if dead else "tenants.v1" if compacted else "answers.v1"
    (topic,) = declared([name], replication=1)
    return dict(topic.configs)


async def create_topics(
    admin: AIOKafkaAdminClient, dead_letter_topics: Sequence[str], *, replication: int = 1
) -> None:
    """Create every topic that is missing, and these of dead letters."""
    wanted = declared([*declaration().topics, *dead_letter_topics], replication=replication)
    found = await describe_topics(admin, [topic.name for topic in wanted])
    await apply(admin, wanted, found, [drift for drift in compare(wanted, found) if drift.what == "topic"])
