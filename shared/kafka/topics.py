"""The topics as they must be; created up front, since a client that meets none waits and asks for ever."""

from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.db.database import LARGEST_RECORD
from shared.events import TOPICS

DAYS = 24 * 60 * 60 * 1000
PARTITIONS = 6


def topic_configs(*, compacted: bool, dead: bool = False) -> dict[str, str]:
    """Broker settings of one topic. Personal data is kept 14 days at most."""
    configs = {
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str((2 * LARGEST_RECORD if dead else LARGEST_RECORD) + 32 * 1024),
    }
    if compacted:
        return configs | {"cleanup.policy": "compact", "delete.retention.ms": str(14 * DAYS)}
    return configs | {"cleanup.policy": "delete", "retention.ms": str(14 * DAYS)}


async def create_topics(
    admin: AIOKafkaAdminClient, dead_letter_topics: Sequence[str], *, replication: int = 1
) -> list[str]:
    """Create what is missing and return its names; what is there stays as it is."""
    wanted = {topic.name: (PARTITIONS, topic_configs(compacted=topic.compacted)) for topic in TOPICS}
    wanted |= {name: (1, topic_configs(compacted=False, dead=True)) for name in dead_letter_topics}
    missing = sorted(set(wanted) - set(await admin.list_topics()))
    if not missing:
        return []
    response = await admin.create_topics(
        [NewTopic(name, wanted[name][0], replication, topic_configs=wanted[name][1]) for name in missing]
    )
    for _, code, *message in response.topic_errors:  # type: ignore[attr-defined]  # CreateTopicsResponse
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise for_code(code)(*message)
    return missing
