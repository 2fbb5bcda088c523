"""A suspect answer as the collector publishes it, version by version."""

from msgspec.structs import replace

from services.collector.suspicion import published
from shared.events import Answer
from shared.events.answers import Judgement


def suspect(answer: Answer, version: int = 1, judgement: Judgement | None = None) -> Answer:
    """The event of this answer with a sign of a machine: held, unless it was judged a person's."""
    return published(replace(answer, version=version, signs=("fast",), judgement=judgement))
