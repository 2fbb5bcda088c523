"""From rows to what the pages of cases show."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup, escape

from services.alerts import actions, words
from services.alerts.domain import SHOWN_FOR, CaseFile, Entry, Kind
from services.alerts.repository import copies, reading
from services.alerts.repository.cases import case_of
from shared.db.database import UnitOfWork
from shared.events import Answer, Invitation
from shared.http.staff import Staff
from shared.tenancy.tenants import find_tenant

NEW_FOR = timedelta(minutes=10)
MOST_FACTS = 12

answer_decoder = msgspec.json.Decoder(Answer)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A case in the list, in the words of ``_parts.html``."""

    id: UUID
    href: str
    number: int
    score: int
    text: str | None
    lang: str | None
    about: Markup
    due: str
    elapsed: float
    late: bool
    owner: str
    new: bool


def row_of(row: Any, invitation: Invitation | None, me: UUID, now: datetime, zone: ZoneInfo) -> Row:
    """One case of the list."""
    case, answer = case_of(row), answer_decoder.decode(row.answer)
    closed = case.state == "closed"
    said = [
        escape((invitation.customer.name if invitation else None) or "A customer"),
        *([escape(case.touchpoint)] if case.touchpoint else []),
        *(["wants to be contacted"] if may_contact(row) else []),
        *([Markup("<b>still writing</b>")] if row.writing else []),
    ]
    return Row(
        id=case.id,
        href=f"/cases/{case.id}",
        number=case.number,
        score=case.score,
        text=answer.comment,
        lang=answer.language,
        about=Markup(" · ").join(said),
        due=_due(case, now, zone),
        elapsed=100 if closed else words.elapsed(began(case, answer), case.due_at, now),
        late=not closed and case.due_at < now,
        owner="" if row.owner_name is None else row.owner_name + (" (you)" if case.owner_id == me else ""),
        new=case.decided_version == 0 and now - case.opened_at < NEW_FOR,
    )


def may_contact(row: Any) -> bool | None:
    """The customer's last word on it, of all the answers that belong to a case of the list."""
    return actions.may_contact([answer_decoder.decode(body) for body in row.answers])


def began(case: CaseFile, answer: Answer) -> datetime:
    """When the clocks of a case began to run: when the customer answered, not when we heard of it."""
    return min(case.opened_at, answer.answered_at or case.opened_at)


def _due(case: CaseFile, now: datetime, zone: ZoneInfo) -> str:
    if case.state == "closed" and case.closed_at is not None:
        return f"closed {words.moment(case.closed_at, now, zone)}"
    return words.due(case.due_at, now, zone, contact=case.first_contact_at is None)


def grouped(
    rows: Sequence[tuple[Row, datetime]], now: datetime, zone: ZoneInfo
) -> list[tuple[str, list[Row]]]:
    """Too late, due today, later: those that are not empty."""
    today = now.astimezone(zone).date()
    groups: dict[str, list[Row]] = {"Too late": [], "Due today": [], "Later": []}
    for row, due_at in rows:
        name = "Too late" if row.late else "Due today" if due_at.astimezone(zone).date() == today else "Later"
        groups[name].append(row)
    return [(name, group) for name, group in groups.items() if group]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what happened, as the page writes it."""

    at: datetime
    title: str = ""
    text: str = ""
    who: str = ""
    staff: bool = False
    href: str = ""
    link: str = ""


_STAFF_KINDS = {"contact", "note", "closed", "reopened"}


def line_of(entry: Entry) -> Line:
    """What was done, in words."""
    return Line(
        at=entry.at,
        title=_TITLES[entry.kind](entry.by_name, entry.facts),
        text=entry.facts.get("text", ""),
        who=entry.by_name if entry.kind in _STAFF_KINDS else "",
        staff=entry.kind in _STAFF_KINDS,
    )


def _opened(_: str, facts: dict[str, Any]) -> str:
    first = facts.get("first_score")
    before = f", after a {first} at first" if first not in {None, facts["score"]} else ""
    return f"Answered {facts['score']}{before}. The case was opened."


def _told(_: str, facts: dict[str, Any]) -> str:
    people = facts["people"]
    return "One colleague is told by mail." if people == 1 else f"{people} colleagues are told by mail."


def _contact(_: str, facts: dict[str, Any]) -> str:
    return f"{words.HOW_WORDS[facts['how']]}, {'reached' if facts['reached'] else 'not reached'}."


def _closed(_: str, facts: dict[str, Any]) -> str:
    told = "the customer has been told" if facts["told"] else "the customer has not been told"
    return f"Closed. {words.cause(facts['cause'])}. {words.OUTCOME_WORDS[facts['outcome']]}; {told}."


_TITLES: dict[Kind, Callable[[str, dict[str, Any]], str]] = {
    "opened": _opened,
    "amended": lambda _, facts: f"Changed the score from {facts['before']} to {facts['score']}.",
    "again": lambda _, facts: f"Answered again: {facts['score']}. It stays one case.",
    "told": _told,
    "taken": lambda who, _: f"{who} took the case.",
    "assigned": lambda who, facts: f"{who} gave the case to {facts['to']}.",
    "revealed": lambda who, facts: f"{who} looked at the {facts['what']}.",
    "contact": _contact,
    "note": lambda _who, _facts: "Note.",
    "closed": _closed,
    "reopened": lambda _who, _facts: "Opened again.",
    "restored": lambda _who, _facts: "Restored after a loss of data. What was written lately is missing.",
}


def what_happened(
    entries: Sequence[Entry], invitation: Invitation | None, earlier: Sequence[Answer]
) -> list[Line]:
    """Everything from the first answer on, oldest first."""
    lines = [line_of(entry) for entry in entries]
    for answer in earlier:
        if answer.answered_at is not None:
            lines.append(
                Line(
                    at=answer.answered_at,
                    title=f"An earlier answer: {answer.score}.",
                    text=answer.comment or "",
                )
            )
    if invitation is not None:
        lines.append(Line(at=invitation.occurred_at, title=_happened(invitation.event_type)))
        if invitation.sent_at is not None:
            asked = Line(
                at=invitation.sent_at,
                title=f"Asked by mail: {invitation.survey_name}.",
                href=f"/events/{invitation.event_id}",
                link="Why this customer was asked",
            )
            lines.append(asked)
    return sorted(lines, key=lambda line: line.at)


def _happened(event_type: str) -> str:
    return event_type.replace(".", " ").replace("_", " ").capitalize() + "."


def bought(invitation: Invitation | None) -> list[tuple[str, str]]:
    """What the back-end told of the event, as far as it is plain: name and value."""
    if invitation is None:
        return []
    facts: list[tuple[str, str]] = []
    if isinstance(invitation.attributes, msgspec.Raw):
        # A number is shown as the client wrote it: 19.90 is a price.
        told = json.loads(bytes(invitation.attributes), parse_float=str, parse_int=str)
        if isinstance(told, dict):
            facts = [
                (str(name).replace("_", " ").capitalize(), "yes" if value is True else str(value))
                for name, value in told.items()
                if (isinstance(value, str) and value != "") or value is True
            ][:MOST_FACTS]
    if invitation.account is not None:
        manager = f", manager {invitation.account.manager}" if invitation.account.manager else ""
        facts.append(("Account", f"{invitation.account.id}{manager}"))
    if invitation.handled_by:
        facts.append(("Handled by", invitation.handled_by))
    return facts


def shown_until(entries: Sequence[Entry], me: UUID, now: datetime) -> datetime | None:
    """Until when this person may read the address, who asked for it and was written down."""
    asked = [entry.at for entry in entries if entry.kind == "revealed" and entry.by_id == me]
    return asked[-1] + SHOWN_FOR if asked and now < asked[-1] + SHOWN_FOR else None


async def frame(uow: UnitOfWork, staff: Staff) -> dict[str, Any]:
    """What the frame of every page shows."""
    tenant = await find_tenant(uow, staff.tenant)
    test, stopped = await copies.sending_state(uow, staff.tenant)
    return {
        "company": tenant.name if tenant else staff.tenant,
        "time_zone": tenant.time_zone if tenant else "UTC",
        "test_mode": test,
        "sending_stopped": stopped,
    }


async def open_cases(uow: UnitOfWork, staff: Staff) -> Any:
    """The counts of the views, for somebody who works on cases."""
    return await reading.counts(uow, staff.tenant, staff.segments, staff.id)
