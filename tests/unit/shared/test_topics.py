"""The declaration of the topics, and the drift of a cluster that differs from it."""

import pytest
from msgspec import ValidationError

from services import SERVICES
from services.command import all_topics, service
from shared.events import TOPICS
from shared.kafka.ops.drift import ClusterTopic, Drift, compare
from shared.kafka.ops.topics import declaration, declared, read
from shared.limits import MAX_EVENT_BYTES


def test_every_topic_of_the_contracts_is_declared_and_no_other() -> None:
    assert set(declaration().topics) == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        kind = "compacted" if topic.compacted else "erasable" if topic.erasable else "kept"
        assert declaration().topics[topic.name].kind == kind, topic.name


def test_what_an_older_record_says_of_a_customer_is_gone_within_a_day_of_a_newer_one() -> None:
    erasable = [topic.name for topic in TOPICS if topic.erasable]
    assert erasable == [
        *("transactions.v1", "invitations.v1", "answers.v1", "cases.v1", "decisions.v1", "replies.v1"),
        "case-mails.v1",
    ]
    for topic in declared([*erasable, "answers.v1.scorer.dlq"]):
        assert topic.configs["cleanup.policy"] == "compact,delete"
        assert int(topic.configs["max.compaction.lag.ms"]) <= 24 * 3600 * 1000


def test_a_topic_takes_what_an_outbox_takes_and_a_dead_letter_more() -> None:
    for topic in declared(all_topics()):
        assert topic.configs["message.timestamp.type"] == "LogAppendTime"
        largest = 2 * MAX_EVENT_BYTES if topic.name.endswith(".dlq") else MAX_EVENT_BYTES
        assert int(topic.configs["max.message.bytes"]) > largest


def test_what_can_hold_personal_data_is_kept_two_weeks_at_most() -> None:
    for topic in declared(all_topics()):
        kept = "delete.retention.ms" if topic.configs["cleanup.policy"] == "compact" else "retention.ms"
        assert int(topic.configs[kept]) <= 14 * 24 * 3600 * 1000


def test_each_service_checks_the_topics_that_it_consumes_and_publishes_on_and_its_dead_letters() -> None:
    collector = service("collector")
    consumed = ["cases.v1", "customers.v1", "invitations.v1", "retention.v1", "surveys.v1", "tenants.v1"]
    published = ["answer-totals.v1", "answers.v1", "audit.v1", "erasures.v1"]
    assert collector.topics[:10] == sorted([*consumed, *published])
    assert collector.topics[10:] == collector.dead_letter_topics
    assert {topic for name in SERVICES for topic in service(name).topics} == set(all_topics())


@pytest.mark.parametrize(("copies", "in_sync"), [(1, "1"), (2, "1"), (3, "2"), (5, "2")])
def test_a_broker_may_always_be_away_when_there_are_copies(copies: int, in_sync: str) -> None:
    (topic,) = declared(["answers.v1"], replication=copies)
    assert topic.configs["min.insync.replicas"] == in_sync


def test_the_sizes_of_another_cluster_leave_dead_letters_alone() -> None:
    topic, dead = declared(["answers.v1", "answers.v1.scorer.dlq"], partitions=6, replication=1)
    assert (topic.partitions, dead.partitions) == (6, 1)
    assert (topic.replication, dead.replication) == (1, 1)


def test_a_declaration_with_a_misspelt_word_is_refused() -> None:
    with pytest.raises(ValidationError, match="partitons"):
        read('# a comment\n{"partitons": 3}')


def there(**changes: str) -> ClusterTopic:
    (topic,) = declared(["answers.v1"])
    configs = {**topic.configs, **{name.replace("_", "."): value for name, value in changes.items()}}
    return ClusterTopic(topic.partitions, topic.replication, configs, {})


def drift_of(found: ClusterTopic) -> Drift:
    (drift,) = compare(declared(["answers.v1"]), {"answers.v1": found})
    return drift


def test_a_cluster_as_declared_has_no_drift() -> None:
    assert compare(declared(["answers.v1"]), {"answers.v1": there()}) == []


def test_a_missing_topic_is_one_drift_that_stops_us_and_is_created_without_force() -> None:
    (drift,) = compare(declared(["answers.v1"]), {})
    assert (drift.what, drift.stops_us, drift.refusal) == ("topic", True, "")


@pytest.mark.parametrize(
    ("found", "stops", "refused"),
    [
        (ClusterTopic(6, 3, there().configs, {}), True, "--force"),
        (ClusterTopic(24, 3, there().configs, {}), False, "never lowers"),
        (ClusterTopic(12, 1, there().configs, {}), False, "kafka-reassign-partitions"),
        (there(message_timestamp_type="CreateTime"), True, ""),
        (there(cleanup_policy="compact"), True, "--force"),
        (there(cleanup_policy="delete"), False, ""),
        (there(retention_ms="1000"), False, ""),
        (there(retention_ms="-1"), False, "--force"),
        (there(retention_ms="9999999999999"), False, "--force"),
        (there(max_message_bytes="1000"), True, ""),
        (there(max_message_bytes="9000000"), False, "--force"),
        (there(min_insync_replicas="1"), False, ""),
    ],
)
def test_what_could_lose_something_is_refused_and_what_we_cannot_work_with_stops_us(
    found: ClusterTopic, stops: bool, refused: str
) -> None:
    drift = drift_of(found)
    assert drift.stops_us == stops
    assert refused in drift.refusal
    assert bool(drift.refusal) == bool(refused)
