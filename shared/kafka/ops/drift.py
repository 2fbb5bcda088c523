"""How a cluster's topics differ from their declaration, and which differences may be ended without asking."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.kafka.ops.topics import TopicSpec

NOT_SET = "-"
"""In place of the value of a setting that this broker does not know."""
UNLIMITED = -1
"""Kafka's value of a retention without end."""
_SOURCE_IS_TOPIC = 1
"""Kafka's code of the source of a setting: the topic has a value of its own."""


@dataclass(frozen=True)
class ClusterTopic:
    """One topic as it is in the cluster."""

    partitions: int
    replication: int
    configs: Mapping[str, str]
    own: Mapping[str, str]
    """The settings whose values the topic does not inherit from its broker."""


@dataclass(frozen=True)
class Drift:
    """One difference between the declaration and the cluster."""

    topic: str
    what: str
    declared: str
    there: str

    @property
    def stops_us(self) -> bool:
        """Whether a service must wait until the difference is ended."""
        match self.what:
            case "topic" | "message.timestamp.type":
                return True
            case "cleanup.policy":
                return not _only_compacts(self.declared, self.there)
            case "partitions" | "max.message.bytes":
                return _more(self.there, self.declared)
            case _:
                return False

    @property
    def refusal(self) -> str:
        """Why ``apply`` does not end it without ``--force``; empty when the change loses nothing."""
        for what, applies, why in _REFUSALS:
            if what == self.what and applies(self.declared, self.there):
                return why
        return ""

    @property
    def is_possible(self) -> bool:
        """Whether ``--force`` can end it."""
        return not self.refusal or "--force" in self.refusal

    def __str__(self) -> str:
        if self.what == "topic":
            return f"{self.topic} is missing"
        return f"{self.topic} has {self.what} {self.there}, declared is {self.declared}"


def _always(_declared: str, _there: str) -> bool:
    return True


def _more(declared: str, there: str) -> bool:
    return NOT_SET not in {declared, there} and int(there) > int(declared)


def _other_policy(declared: str, there: str) -> bool:
    return not _only_compacts(declared, there)


def _only_compacts(declared: str, there: str) -> bool:
    """Whether the policies differ in that records are also compacted: each thing's newest state stays."""
    return _policies(declared) ^ _policies(there) == {"compact"} and "delete" in declared


def _policies(value: str) -> set[str]:
    return {policy.strip() for policy in value.split(",")}


def _longer(declared: str, there: str) -> bool:
    return there != NOT_SET and (int(there) == UNLIMITED or UNLIMITED < int(declared) < int(there))


_LOSES_RECORDS = "records would be deleted that are kept now; --force changes it"
_REFUSALS: tuple[tuple[str, Callable[[str, str], bool], str], ...] = (
    ("partitions", _more, "Kafka never lowers them: declare as many as there are"),
    (
        "partitions",
        _always,
        "keys are placed by crc32 mod partitions, so things would move; --force adds them",
    ),
    ("replication", _always, "only kafka-reassign-partitions.sh moves copies"),
    ("cleanup.policy", _other_policy, _LOSES_RECORDS),
    ("retention.ms", _longer, _LOSES_RECORDS),
    ("delete.retention.ms", _longer, _LOSES_RECORDS),
    ("max.message.bytes", _more, "larger records may wait in an outbox; --force lowers it"),
)


async def describe_topics(
    admin: AIOKafkaAdminClient, names: Sequence[str], settings: Iterable[str] = ()
) -> dict[str, ClusterTopic]:
    """Those of the topics that exist, with these of their settings, or with all when none is named.

    :raises KafkaError: when the broker does not answer or refuses to.
    """
    # All topics: asked for a missing one by name, a broker might create it with its own defaults.
    known = {topic["topic"]: topic for topic in await admin.describe_topics()}
    existing = [name for name in names if name in known]
    if not existing:
        return {}
    wanted = dict.fromkeys(settings) or None
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, wanted) for name in existing]
    found = {}
    for answer in await admin.describe_configs(resources):
        for code, message, _, name, entries in answer.resources:  # type: ignore[attr-defined]
            if code:
                raise for_code(code)(message)
            partitions = known[name]["partitions"]
            found[name] = ClusterTopic(
                len(partitions),
                min((len(partition["replicas"]) for partition in partitions), default=0),
                {entry[0]: str(entry[1]) for entry in entries},
                {entry[0]: str(entry[1]) for entry in entries if entry[3] == _SOURCE_IS_TOPIC},
            )
    return found


def compare(wanted: Sequence[TopicSpec], found: Mapping[str, ClusterTopic]) -> list[Drift]:
    """Every difference, in the declaration's order."""
    drifts = []
    for topic in wanted:
        there = found.get(topic.name)
        if there is None:
            size = f"{topic.partitions} partitions, {topic.replication} copies"
            drifts.append(Drift(topic.name, "topic", size, NOT_SET))
            continue
        pairs = [
            ("partitions", str(topic.partitions), str(there.partitions)),
            ("replication", str(topic.replication), str(there.replication)),
            *((name, value, there.configs.get(name, NOT_SET)) for name, value in topic.configs.items()),
        ]
        drifts += [
            Drift(topic.name, what, declared, actual)
            for what, declared, actual in pairs
            if declared != actual
        ]
    return drifts


async def apply(
    admin: AIOKafkaAdminClient,
    wanted: Sequence[TopicSpec],
    found: Mapping[str, ClusterTopic],
    drifts: Sequence[Drift],
) -> None:
    """End these differences: create what is missing, change settings, add partitions.

    :raises KafkaError: when the broker refuses.
    """
    by_name = {topic.name: topic for topic in wanted}
    await _create(admin, [by_name[drift.topic] for drift in drifts if drift.what == "topic"])
    grown = {
        drift.topic: NewPartitions(int(drift.declared)) for drift in drifts if drift.what == "partitions"
    }
    if grown:
        await admin.create_partitions(grown)
    changed: dict[str, dict[str, str]] = {}
    for drift in drifts:
        if drift.what in by_name[drift.topic].configs:
            # The request replaces all settings that a topic has of its own: the others are sent again.
            changed.setdefault(drift.topic, dict(found[drift.topic].own))[drift.what] = drift.declared
    if changed:
        resources = [ConfigResource(ConfigResourceType.TOPIC, name, own) for name, own in changed.items()]
        for answer in await admin.alter_configs(resources):
            for code, message, *_ in answer.resources:  # type: ignore[attr-defined]
                if code:
                    raise for_code(code)(message)


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[TopicSpec]) -> None:
    if not topics:
        return
    response = await admin.create_topics(
        [
            NewTopic(topic.name, topic.partitions, topic.replication, topic_configs=dict(topic.configs))
            for topic in topics
        ]
    )
    for _, code, *message in response.topic_errors:  # type: ignore[attr-defined]  # CreateTopicsResponse
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise for_code(code)(*message)
