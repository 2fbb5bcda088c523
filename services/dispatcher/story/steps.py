"""An event's story as steps in the order in which they happen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Row

from services.dispatcher.decisions.explanation import Explanation, decode_facts
from services.dispatcher.invitations.changes import MailChange
from services.dispatcher.invitations.states import FIRST_MAIL
from services.dispatcher.mail_reasons import mail_reason
from services.dispatcher.models import HELD_ANSWER
from services.dispatcher.story.basis import basis_lines
from services.dispatcher.story.labels import DROP_REASONS, REASONS, REMINDER_STATES, hold_label
from shared.events import Transaction
from shared.pages.language import spoken, translated

StepKind = Literal[
    "received",
    "decided",
    "planned",
    "changed",
    "postponed",
    "tried",
    "mail",
    "report",
    "link",
    "reminder",
    "returned",
    "countered",
    "anonymous",
    "clicked",
    "held_answer",
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
    reminders: Sequence[Row[Any]]
    answers: Sequence[Row[Any]]
    cases: Sequence[Row[Any]]
    mail: "Sequence[StoryStep]" = ()
    """What happened to the mail."""
    changes: Sequence[MailChange] = ()
    """What postponed or ended the mail and its reminders."""
    returned: "Sequence[StoryStep]" = ()
    """When the mail or a reminder came back, or the customer complained about it."""
    countered: "Sequence[StoryStep]" = ()
    """What counter-events and other mails did to it, and what it did to the mails about other events."""


@dataclass(frozen=True)
class StoryStep:
    """One thing that happened, or that is awaited."""

    kind: StepKind
    at: datetime | None
    words: str
    row: Any = None
    what: str = ""
    """Of a mail that came back or was complained about: the first sentence of the words."""
    why: str = ""
    """Why a reminder was not accepted by the mail server, in words."""
    change: MailChange | None = None
    """By which values a mail or reminder was postponed, or is not sent."""
    lines: Sequence[str] = ()
    """Why the law of the customer's country forbade it then."""


def story_steps(story: EventStory) -> list[StoryStep]:
    """Received, decided, sent, reminded, clicked, answered, counted, case, closed: as far as it has come."""
    decision = story.decision
    steps = [
        StoryStep("received", story.facts.accepted_at, ""),
        StoryStep("decided", decision.decided_at, spoken(REASONS[decision.reason])),
    ]
    # What was so at the decision stands there; the rest behind the mail that waited.
    at_decision = [each for each in story.countered if each.at == decision.decided_at]
    steps += at_decision
    if story.invitation is not None:
        steps += story.mail
        steps += [step for step in story.returned if step.row.n == FIRST_MAIL]
        if story.invitation.anonymous and not story.answers:
            words = translated("This survey is anonymous: which answer came of this event is not kept.")
            steps.append(StoryStep("anonymous", None, words))
    steps += [each for each in story.countered if each not in at_decision]
    # A reminder that ended after the answer stands behind it, mostly since it was answered.
    answered_at = min((row.saved_at for row in story.answers if row.saved_at is not None), default=None)
    reminders = [step for row in story.reminders for step in _reminder_steps(row, story.changes)]
    before = [step for step in reminders if answered_at is None or (step.at and step.at < answered_at)]
    steps += before
    for answer in story.answers:
        steps += _answer_steps(answer)
    steps += [step for step in reminders if step not in before]
    steps += [step for step in story.returned if step.row.n != FIRST_MAIL]
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
    names = sorted(set(first.__struct_fields__) - {"digest", "accepted_at", "dropped", *_OF_THE_ROUTE})
    # Of all that the digest covers, only the customer's address, phone and name are not stored here.
    return [name for name in names if _comparable(first, name) != _comparable(later, name)] or ["customer"]


def left_out_fields(facts: Transaction) -> list[str]:
    """What the client sent as a help and could not be understood, as the page names it."""
    return [pointer.strip("/").replace("/", " ").replace("_", " ") for pointer in facts.dropped]


def _comparable(facts: Transaction, name: str) -> object:
    """A field as it can be compared: the order of an object's keys means nothing."""
    value = getattr(facts, name)
    return _encoder.encode(msgspec.json.decode(value)) if isinstance(value, msgspec.Raw) else value


def postponed_steps(changes: Sequence[MailChange], n: int) -> list[StoryStep]:
    """When which rule postponed a mail; ``n``: which, 1 is the first one."""
    return [
        StoryStep("postponed", change.at, hold_label(_rules_of(change)), change=change)
        for change in changes
        if change.n == n and change.what == "postponed"
    ]


def end_of(changes: Sequence[MailChange], n: int) -> MailChange | None:
    """The change that ended a mail; ``n``: which, 1 is the first one."""
    return next((each for each in reversed(changes) if each.n == n and each.what != "postponed"), None)


def change_lines(change: MailChange | None) -> list[str]:
    """Why the law forbade it, and how to mend it, as on the page of a decision that falls so."""
    considered = change.values.considered if change is not None else None
    return basis_lines(considered.basis) if considered is not None and considered.basis is not None else []


def _rules_of(change: MailChange) -> Sequence[str]:
    return change.values.held_by or [change.reason]


def _reminder_steps(reminder: Row[Any], changes: Sequence[MailChange]) -> list[StoryStep]:
    return [*postponed_steps(changes, reminder.n), _reminder_step(reminder, end_of(changes, reminder.n))]


def _reminder_step(reminder: Row[Any], end: MailChange | None) -> StoryStep:
    words = spoken(REMINDER_STATES[reminder.state]) % {"number": reminder.n - 1}
    if reminder.state == "dropped":
        words = f"{words} {spoken(DROP_REASONS.get(reminder.reason or '', ''))}".strip()
    at = reminder.settled_at if reminder.state not in {"waiting", "sending"} else reminder.due_at
    return StoryStep(
        "reminder",
        at,
        words,
        reminder,
        why=hold_label([reminder.reason or ""]) or mail_reason(reminder.reason),
        change=end,
        lines=change_lines(end),
    )


def _answer_steps(answer: Row[Any]) -> list[StoryStep]:
    steps = []
    if answer.clicked_at is not None:
        steps.append(StoryStep("clicked", answer.clicked_at, translated("The customer opened the link.")))
    if answer.state == HELD_ANSWER:
        words = translated("An answer came that a machine may have given.")
        steps.append(StoryStep("held_answer", None, words, answer))
    if answer.score is not None:
        sent = translated("The customer answered %(score)s and sent it.")
        writing = translated("The customer answered %(score)s and may still be writing.")
        words = (sent if answer.state == "sent" else writing) % {"score": answer.score}
        steps.append(StoryStep("answered", answer.saved_at, words, answer))
        steps.append(StoryStep("counted", None, "", answer))
    return steps


_OF_THE_ROUTE = {"channel", "requested_by", "survey_id"}
"""By which door an event came is no content of it."""
_encoder = msgspec.json.Encoder(order="deterministic")
