"""An event's story as steps in the order in which they happen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Row

from services.dispatcher.decisions.explanation import Explanation, decode_facts
from services.dispatcher.story.labels import REASONS
from shared.events import Transaction
from shared.pages.language import spoken, translated

StepKind = Literal[
    "received",
    "decided",
    "planned",
    "changed",
    "tried",
    "mail",
    "anonymous",
    "clicked",
    "answered",
    "counted",
    "case",
    "closed",
]


@dataclass(frozen=True)
class EventStory:
    """All that is known of one event."""

    decision: Row[Any]
    facts: Transaction
    explanation: Explanation
    invitation: Row[Any] | None
    answers: Sequence[Row[Any]]
    cases: Sequence[Row[Any]]
    mail: "Sequence[StoryStep]" = ()
    """What happened to the mail."""


@dataclass(frozen=True)
class StoryStep:
    """One thing that happened, or that is awaited."""

    kind: StepKind
    at: datetime | None
    words: str
    row: Any = None


def story_steps(story: EventStory) -> list[StoryStep]:
    """Received, decided, sent, clicked, answered, counted, case, closed: as far as it has come."""
    decision = story.decision
    steps = [
        StoryStep("received", story.facts.accepted_at, ""),
        StoryStep("decided", decision.decided_at, spoken(REASONS[decision.reason])),
    ]
    if story.invitation is not None:
        steps += story.mail
        if story.invitation.anonymous and not story.answers:
            words = translated("This survey is anonymous: which answer came of this event is not kept.")
            steps.append(StoryStep("anonymous", None, words))
    for answer in story.answers:
        steps += _answer_steps(answer)
    for case in story.cases:
        words = translated("Case %(number)s was opened.") % {"number": case.number}
        steps.append(StoryStep("case", case.opened_at, words, case))
    for case in story.cases:
        if case.closed_at is not None:
            words = translated("Case %(number)s was closed.") % {"number": case.number}
            steps.append(StoryStep("closed", case.closed_at, words, case))
    return steps


def differing_fields(decision: Row[Any]) -> list[str]:
    """The fields in which a later event of the same identity differed."""
    if decision.difference is None:
        return []
    first, later = decode_facts(decision.facts), decode_facts(decision.difference)
    names = sorted(set(first.__struct_fields__) - {"digest", "accepted_at", "dropped"})
    # Of all that the digest covers, only the customer's address, phone and name are not stored here.
    return [name for name in names if _comparable(first, name) != _comparable(later, name)] or ["customer"]


def left_out_fields(facts: Transaction) -> list[str]:
    """What the client sent as a help and could not be understood, as the page names it."""
    return [pointer.strip("/").replace("/", " ").replace("_", " ") for pointer in facts.dropped]


def _comparable(facts: Transaction, name: str) -> object:
    """A field as it can be compared: the order of an object's keys means nothing."""
    value = getattr(facts, name)
    return _encoder.encode(msgspec.json.decode(value)) if isinstance(value, msgspec.Raw) else value


def _answer_steps(answer: Row[Any]) -> list[StoryStep]:
    steps = []
    if answer.clicked_at is not None:
        steps.append(StoryStep("clicked", answer.clicked_at, translated("The customer opened the link.")))
    if answer.score is not None:
        sent = translated("The customer answered %(score)s and sent it.")
        writing = translated("The customer answered %(score)s and may still be writing.")
        words = (sent if answer.state == "sent" else writing) % {"score": answer.score}
        steps.append(StoryStep("answered", answer.saved_at, words, answer))
        steps.append(StoryStep("counted", None, "", answer))
    return steps


_encoder = msgspec.json.Encoder(order="deterministic")
