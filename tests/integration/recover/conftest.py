"""A broker of these tests' own: what stands on a service's topics must come from the database in hand."""

from collections.abc import AsyncIterator, Iterator

import pytest
from support.lives import environment
from support.stack import new_state, running
from support.things import create_topics, delete_topic, topics

from services.command import SERVICES, service
from shared.events import TOPICS


@pytest.fixture(scope="session")
def own_broker() -> Iterator[str]:
    with new_state() as state, running("kafka", state):
        yield state.kafka


@pytest.fixture
async def broker(own_broker: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """All topics, empty."""
    for name, value in environment(own_broker).items():
        monkeypatch.setenv(name, value)
    names = [topic.name for topic in TOPICS] + [
        topic for name in SERVICES for topic in service(name).dead_letter_topics
    ]
    await create_topics(own_broker, names, 2)
    yield own_broker
    for name in await topics(own_broker):
        if not name.startswith("__"):
            await delete_topic(own_broker, name)
