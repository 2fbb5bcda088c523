"""An event's story as steps in the order in which they happen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Row

from services.dispatcher.decisions.explanation import Explanation, decode_facts
from services.dispatcher.story.labels import DROPPED, MAIL, REASONS
from shared.events import Transaction

Kind = Literal["received", "decided", "mail", "clicked", "answered", "counted", "case", "closed"]


@dataclass(frozen=True)
class EventStory:
    """All that is known of one event."""

    decision: Row[Any]
    facts: Transaction
    grounds: Explanation
    invitation: Row[Any] | None
    answers: Sequence[Row[Any]]
    cases: Sequence[Row[Any]]

    @property
    def counts(self) -> bool:
        """Whether an answer to it stands in the scores."""
        return any(answer.score is not None and not answer.test for answer in self.answers)


@dataclass(frozen=True)
class StoryStep:
    """One thing that happened, or that is awaited."""

    kind: Kind
    at: datetime | None
    words: str
    row: Any = None


def story_steps(story: EventStory) -> list[StoryStep]:
    """Received, decided, sent, clicked, answered, counted, case, closed: as far as it has come."""
    decision = story.decision
    steps = [
        StoryStep("received", story.facts.accepted_at, "Received."),
        StoryStep("decided", decision.decided_at, REASONS[decision.reason]),
    ]
    if story.invitation is not None:
        steps.append(_mail(story.invitation))
    for answer in story.answers:
        steps += _answer(answer)
    steps += [
        StoryStep("case", case.opened_at, f"Case {case.number} was opened.", case) for case in story.cases
    ]
    steps += [
        StoryStep("closed", case.closed_at, f"Case {case.number} was closed.", case)
        for case in story.cases
        if case.closed_at is not None
    ]
    return steps


def differing(decision: Row[Any]) -> list[str]:
    """The fields in which a later event of the same identity differed."""
    if decision.difference is None:
        return []
    ours, theirs = decode_facts(decision.facts), decode_facts(decision.difference)
    names = sorted(set(ours.__struct_fields__) - {"digest", "accepted_at", "dropped"})
    # Of all that the digest covers, the customer's address, phone and name alone are not kept here.
    return [name for name in names if _plain(ours, name) != _plain(theirs, name)] or ["customer"]


def left_out(facts: Transaction) -> list[str]:
    """What the client sent as a help and nobody could understand, as the page names it."""
    return [pointer.strip("/").replace("/", " ").replace("_", " ") for pointer in facts.dropped]


def _plain(facts: Transaction, name: str) -> object:
    """A field as it can be compared: the order of an object's keys says nothing."""
    value = getattr(facts, name)
    return _encoder.encode(msgspec.json.decode(value)) if isinstance(value, msgspec.Raw) else value


def _mail(invitation: Row[Any]) -> StoryStep:
    at = {"sent": invitation.sent_at, "waiting": invitation.next_at}.get(
        invitation.state, invitation.changed_at
    )
    words = MAIL[invitation.state]
    if invitation.state == "dropped":
        words = f"{words} {DROPPED.get(invitation.reason or '', '')}".strip()
    return StoryStep("mail", at, words, invitation)


def _answer(answer: Row[Any]) -> list[StoryStep]:
    steps = []
    if answer.clicked_at is not None:
        steps.append(StoryStep("clicked", answer.clicked_at, "The customer opened the link."))
    if answer.score is not None:
        sent = "and sent it" if answer.state == "sent" else "and may still be writing"
        steps.append(
            StoryStep("answered", answer.saved_at, f"The customer answered {answer.score} {sent}.", answer)
        )
        steps.append(StoryStep("counted", None, "", answer))
    return steps


_encoder = msgspec.json.Encoder(order="deterministic")
