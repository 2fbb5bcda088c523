"""Every example of every event can be read today as on the day it was written; examples are never edited."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat

from shared import events
from shared.events import TOPICS, Topic, Unreadable

EXAMPLES = Path(events.__file__).parent / "examples"


def examples_of(topic: Topic[Any]) -> list[Path]:
    return sorted((EXAMPLES / topic.name).glob("*.json"))


CASES = [(topic, path) for topic in TOPICS for path in examples_of(topic)]


@pytest.mark.parametrize(("topic", "path"), CASES, ids=[f"{t.name}-{p.stem}" for t, p in CASES])
def test_an_example_is_read_and_written_without_losing_anything(topic: Topic[Any], path: Path) -> None:
    kept = json.loads(path.read_bytes())
    event = topic.decode(path.read_bytes())
    written = json.loads(topic.encode(event))
    assert {name: written["data"][name] for name in kept["data"]} == kept["data"]
    assert {name: written[name] for name in kept if name != "data"} == {
        n: v for n, v in kept.items() if n != "data"
    }


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_has_an_example_and_a_reader_that_ignores_what_it_does_not_know(
    topic: Topic[Any],
) -> None:
    path = examples_of(topic)[0]
    today = json.loads(path.read_bytes())
    later = json.loads(path.read_bytes())
    later["data"]["a_field_of_next_year"] = {"x": 1}
    later["anotherextension"] = "x"
    assert topic.decode(json.dumps(later).encode()) == topic.decode(json.dumps(today).encode())


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_an_event_of_another_topic_is_not_read(topic: Topic[Any]) -> None:
    for other in TOPICS:
        if other is not topic:
            with pytest.raises(Unreadable):
                topic.decode(examples_of(other)[0].read_bytes())


@pytest.mark.parametrize(("topic", "path"), CASES, ids=[f"{t.name}-{p.stem}" for t, p in CASES])
def test_an_event_is_a_cloudevent_to_the_sdk_of_cloudevents(topic: Topic[Any], path: Path) -> None:
    event = topic.decode(path.read_bytes())
    message = KafkaMessage(
        headers={"content-type": b"application/cloudevents+json"},
        key=topic.record_key(event),
        value=topic.encode(event),
    )
    read = from_structured_event(message, JSONFormat())
    assert (read.get_id(), read.get_type(), read.get_subject()) == (event.id, event.type, event.subject)
    assert read.get_extension("tenant") == event.tenant


def test_a_key_always_stands_behind_its_tenant() -> None:
    for topic in TOPICS:
        event = topic.decode(examples_of(topic)[0].read_bytes())
        assert topic.record_key(event).startswith(b"acme/")
        assert topic.record_key(msgspec.structs.replace(event, tenant="other")).startswith(b"other/")


@pytest.mark.parametrize(("topic", "path"), CASES, ids=[f"{t.name}-{p.stem}" for t, p in CASES])
def test_the_subject_is_the_identity_of_the_thing_and_a_key_of_its_own_is_another(
    topic: Topic[Any], path: Path
) -> None:
    event = topic.decode(path.read_bytes())
    assert event.subject == topic.identity(event.data)
    assert topic.key is None or topic.key(event.data) != event.subject
