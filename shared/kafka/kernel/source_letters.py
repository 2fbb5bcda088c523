"""Dead letters of the companies' own topics: where they lie, and how they say whose they are."""

from shared.kafka.kernel.dead_letters import dead_letter_topic

SOURCES = "sources.v1"
"""In place of a topic's name: the topics of all sources share one topic of dead letters."""
SOURCE_LETTERS = dead_letter_topic(SOURCES, "trigger")
SOURCE_KEY_HEADER = "source-key"
"""The record's own key. It means nothing to us, unlike that of a record of one of our topics."""


def source_place(tenant: str, source_id: str) -> str:
    """In place of the topic's name in a dead letter."""
    return f"{SOURCES}/{tenant}/{source_id}"


def tenant_of_place(place: str) -> str | None:
    """Whose dead letter it is; None when it is none of a source."""
    prefix, _, rest = place.partition("/")
    return rest.partition("/")[0] or None if prefix == SOURCES else None
