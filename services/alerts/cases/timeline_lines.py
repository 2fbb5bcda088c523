"""What happened to a case, as its page writes it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.alerts.cases import labels
from services.alerts.cases.domain.timeline import CaseEntry, EntryKind
from shared.events import Answer, Invitation


class TimelineLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what happened, as the page writes it."""

    at: datetime
    title: str = ""
    text: str = ""
    who: str = ""
    staff: bool = False
    """Whether colleagues wrote it."""
    href: str = ""
    link: str = ""


def timeline_lines(
    entries: Sequence[CaseEntry], invitation: Invitation | None, earlier: Sequence[Answer]
) -> list[TimelineLine]:
    """The lines of these entries, of the invitation, and of the answers before it, oldest first."""
    lines = [_entry_line(entry) for entry in entries]
    lines += [
        TimelineLine(
            at=answer.answered_at, title=f"An earlier answer: {answer.score}.", text=answer.comment or ""
        )
        for answer in earlier
        if answer.answered_at is not None
    ]
    if invitation is not None:
        event = invitation.event_type.replace(".", " ").replace("_", " ").capitalize()
        lines.append(TimelineLine(at=invitation.occurred_at, title=f"{event}."))
        if invitation.sent_at is not None:
            asked = TimelineLine(
                at=invitation.sent_at,
                title=f"Asked by mail: {invitation.survey_name}.",
                href=f"/events/{invitation.event_id}",
                link="Why this customer was asked",
            )
            lines.append(asked)
    return sorted(lines, key=lambda line: line.at)


_STAFF_KINDS = {"contact", "note", "closed", "reopened"}


def _entry_line(entry: CaseEntry) -> TimelineLine:
    return TimelineLine(
        at=entry.at,
        # A newer version of this service may write kinds that this one does not know.
        title=_TITLES.get(entry.kind, _unknown)(entry.by_name, entry.facts),
        text=entry.facts.get("text", ""),
        who=entry.by_name if entry.kind in _STAFF_KINDS else "",
        staff=entry.kind in _STAFF_KINDS,
    )


def _unknown(_: str, _facts: dict[str, Any]) -> str:
    return "Something was done."


def _opened(_: str, facts: dict[str, Any]) -> str:
    first = facts.get("first_score")
    before = f", after a {first} at first" if first not in {None, facts["score"]} else ""
    return f"Answered {facts['score']}{before}. The case was opened."


def _contact(_: str, facts: dict[str, Any]) -> str:
    return f"{labels.CONTACT_LABELS[facts['how']]}, {'reached' if facts['reached'] else 'not reached'}."


def _closed(_: str, facts: dict[str, Any]) -> str:
    if "cause" not in facts:
        return "Closed."
    told = "the customer has been told" if facts["told"] else "the customer has not been told"
    cause, outcome = labels.cause_label(facts["cause"]), labels.OUTCOME_LABELS[facts["outcome"]]
    return f"Closed. {cause}. {outcome}; {told}."


_TITLES: dict[EntryKind, Callable[[str, dict[str, Any]], str]] = {
    "opened": _opened,
    "amended": lambda _, facts: f"Changed the score from {facts['before']} to {facts['score']}.",
    "again": lambda _, facts: f"Answered again: {facts['score']}. It stays one case.",
    "consent": lambda _, facts: (
        "Wants to be contacted." if facts["may_contact"] else "Does not want to be contacted."
    ),
    "told": lambda _, facts: labels.notified_sentence(facts["people"]),
    "taken": lambda name, _: f"{name} took the case.",
    "released": lambda name, _: f"{name} put the case back.",
    "assigned": lambda name, facts: f"{name} gave the case to {facts['to']}.",
    "revealed": lambda name, facts: f"{name} looked at the {facts['what']}.",
    "contact": _contact,
    "note": lambda _name, _facts: "Note.",
    "closed": _closed,
    "reopened": lambda _name, _facts: "Opened again.",
    "restored": lambda _name, _facts: "Restored after a loss of data. What was written lately is missing.",
}
