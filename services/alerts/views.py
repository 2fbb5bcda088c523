"""From rows to what the pages of cases show."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup

from services.alerts import words
from services.alerts.domain import SHOWN_FOR, CaseFile, Entry, Kind
from services.alerts.repository import copies, reading
from services.alerts.visible import Before, VisibleCase, before_of
from shared.db.database import UnitOfWork
from shared.events import Answer, Invitation
from shared.http.staff_auth import Staff
from shared.tenancy.tenants import find_tenant

NEW_FOR = timedelta(minutes=10)
MOST_FACTS = 12


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A case in the list, in the words of ``_parts.html``."""

    id: UUID
    href: str
    number: int
    score: int
    was: int | None
    """The first score, when it was another one."""
    text: str | None
    text_was: str | None
    """What was sent first, when it was amended."""
    lang: str | None
    about: Markup
    due: str
    elapsed: float
    late: bool
    owner: str
    new: bool


def row_of(
    seen: VisibleCase,
    invitation: Invitation | None,
    before: Sequence[Before],
    me: UUID,
    now: datetime,
    zone: ZoneInfo,
) -> Row:
    """One case of the list."""
    case, answer = seen.case, seen.answer
    closed = case.state == "closed"
    said = [
        Markup("<bdi>{}</bdi>").format(name_of(invitation)),
        *([Markup("<bdi>{}</bdi>").format(case.touchpoint)] if case.touchpoint else []),
        *(["wants to be contacted"] if case.may_contact else []),
        *([Markup("<b>does not want to be contacted</b>")] if case.may_contact is False else []),
        *([Markup("<b>still writing</b>")] if seen.writing else []),
    ]
    return Row(
        id=case.id,
        href=f"/cases/{case.id}",
        number=case.number,
        score=case.score,
        was=seen.first_score if seen.first_score != case.score else None,
        text=answer.comment,
        text_was=next((one.comment for one in before if one.comment not in {None, "", answer.comment}), None),
        lang=answer.language,
        about=Markup(" · ").join(said),
        due=_due(case, now, zone),
        elapsed=100 if closed else words.elapsed(began(case, answer), case.due_at, now),
        late=not closed and case.due_at < now,
        owner="" if seen.owner_name is None else seen.owner_name + (" (you)" if case.owner_id == me else ""),
        new=case.decided_version == 0 and now - case.opened_at < NEW_FOR,
    )


def name_of(invitation: Invitation | None) -> str:
    """Whom an answer is from, as far as we know."""
    return (invitation.customer.name if invitation else None) or "A customer"


def began(case: CaseFile, answer: Answer) -> datetime:
    """When the clocks of a case began to run: when the customer answered, not when we heard of it."""
    return min(case.opened_at, answer.answered_at or case.opened_at)


def _due(case: CaseFile, now: datetime, zone: ZoneInfo) -> str:
    if case.state == "closed" and case.closed_at is not None:
        return f"closed {words.moment(case.closed_at, now, zone)}"
    return words.due(case.due_at, now, zone, contact=case.waits_for_contact)


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
    return f"{words.HOW_WORDS[facts['how']]}, {'reached' if facts['reached'] else 'not reached'}."


def _closed(_: str, facts: dict[str, Any]) -> str:
    if "cause" not in facts:
        return "Closed."
    told = "the customer has been told" if facts["told"] else "the customer has not been told"
    return f"Closed. {words.cause(facts['cause'])}. {words.OUTCOME_WORDS[facts['outcome']]}; {told}."


_TITLES: dict[Kind, Callable[[str, dict[str, Any]], str]] = {
    "opened": _opened,
    "amended": lambda _, facts: f"Changed the score from {facts['before']} to {facts['score']}.",
    "again": lambda _, facts: f"Answered again: {facts['score']}. It stays one case.",
    "consent": lambda _, facts: (
        "Wants to be contacted." if facts["may_contact"] else "Does not want to be contacted."
    ),
    "told": lambda _, facts: words.told(facts["people"]),
    "taken": lambda who, _: f"{who} took the case.",
    "released": lambda who, _: f"{who} put the case back.",
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
    """These lines, the invitation and the answers before it, oldest first."""
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
        # Numbers stay as they were written: 19.90 is not 19.9.
        told = json.loads(bytes(invitation.attributes), parse_float=str, parse_int=str, parse_constant=str)
        if isinstance(told, dict):
            plain = [(words.label(str(name)), _plain(value)) for name, value in told.items()]
            facts = [(name, value) for name, value in plain if name and value][:MOST_FACTS]
    if invitation.account is not None:
        manager = f", manager {invitation.account.manager}" if invitation.account.manager else ""
        facts.append(("Account", f"{invitation.account.id}{manager}"))
    if invitation.handled_by:
        facts.append(("Handled by", invitation.handled_by))
    return facts


def _plain(value: object) -> str:
    """A value in words; what has parts of its own is left out, but a list of plain ones is not."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(said for said in map(_plain, value) if said)
    return value.strip() if isinstance(value, str) else ""


def shown_until(asked: datetime | None, now: datetime) -> datetime | None:
    """Until when somebody may read the address, who has asked for it then and was written down."""
    return asked + SHOWN_FOR if asked is not None and now < asked + SHOWN_FOR else None


async def rows_of(
    uow: UnitOfWork, staff: Staff, found: Sequence[VisibleCase], zone: ZoneInfo
) -> list[tuple[Row, datetime]]:
    """The cases of a list, each with when it is due."""
    ids = [one.answer.id for one in found]
    invited = await copies.invitations(uow, staff.tenant, ids)
    before: dict[UUID, list[Any]] = {}
    for row in await copies.sent_before(uow, staff.tenant, ids, most=4 * len(ids)):
        before.setdefault(row.id, []).append(row)
    rows = []
    for one in found:
        said = before_of(one.answer, before.get(one.answer.id, []))
        row = row_of(one, invited.get(one.answer.id), said, staff.id, uow.now, zone)
        rows.append((row, one.case.due_at))
    return rows


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
