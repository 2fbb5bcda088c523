"""From cases and answers to what the pages show of them: rows and deadlines."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup

from services.alerts.cases import times
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.visible import EarlierVersion, VisibleCase, earlier_versions
from services.alerts.replicas import repository as replicas
from services.alerts.rules.labels import PRIORITY_LABELS
from shared.db.database import UnitOfWork
from shared.events import Answer, Invitation
from shared.http.staff_auth import Staff
from shared.pages.filters import touchpoint_name
from shared.pages.language import spoken, translated

NEW_FOR = timedelta(minutes=10)
"""How long a case is shown as new in the list."""
EARLIER_VERSIONS_PER_CASE = 4


class CaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A case in a list, as ``case_row`` of ``_parts.html`` shows it."""

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


async def case_rows(
    uow: UnitOfWork, staff: Staff, found: Sequence[VisibleCase], zone: ZoneInfo, within: str = ""
) -> list[tuple[CaseRow, datetime]]:
    """The rows of a list, each with when it is due.

    :param within: the query by which a case's address tells from which list it was opened.
    """
    ids = [one.answer.id for one in found]
    invited = await replicas.invitations(uow, staff.tenant, ids)
    sent = await replicas.earlier_versions(uow, staff.tenant, ids, limit=EARLIER_VERSIONS_PER_CASE * len(ids))
    rows = []
    for one in found:
        earlier = earlier_versions(one.answer, sent)
        row = case_row(one, invited.get(one.answer.id), earlier, staff.id, uow.now, zone, within)
        rows.append((row, one.case.due_at))
    return rows


def case_row(
    visible: VisibleCase,
    invitation: Invitation | None,
    earlier: Sequence[EarlierVersion],
    reader: UUID,
    now: datetime,
    zone: ZoneInfo,
    within: str = "",
) -> CaseRow:
    """The row of one case."""
    case, answer = visible.case, visible.answer
    closed = case.state == "closed"
    about = [
        Markup("<bdi>{}</bdi>").format(name_of(invitation)),
        *([Markup("<bdi>{}</bdi>").format(touchpoint_name(case.touchpoint))] if case.touchpoint else []),
        *_priority(case),
        *([translated("anonymous")] if case.anonymous else []),
        *([translated("wants to be contacted")] if case.may_contact else []),
        *([_bold(translated("does not want to be contacted"))] if case.may_contact is False else []),
        *([_bold(translated("still writing"))] if visible.writing else []),
    ]
    owner = visible.owner_name or ""
    if visible.owner_name is not None and case.owner_id == reader:
        owner = translated("%(name)s (you)") % {"name": owner}
    return CaseRow(
        id=case.id,
        href=f"/cases/{case.id}{within}",
        number=case.number,
        score=case.score,
        was=visible.first_score if visible.first_score != case.score else None,
        text=answer.comment,
        text_was=next(
            (one.comment for one in earlier if one.comment not in {None, "", answer.comment}), None
        ),
        lang=answer.language,
        about=Markup(" · ").join(about),
        due=_due(case, now, zone),
        elapsed=100 if closed else times.elapsed_percent(clock_start(case, answer), case.due_at, now),
        late=not closed and case.due_at < now,
        owner=owner,
        new=case.decided_version == 0 and now - case.opened_at < NEW_FOR,
    )


def _priority(case: CaseFile) -> list[Markup | str]:
    """How urgent it is, where that is not as usual."""
    label = spoken(PRIORITY_LABELS[case.priority])
    return [] if case.priority == "normal" else [_bold(label) if case.priority == "urgent" else label]


def _bold(text: str) -> Markup:
    return Markup("<b>{}</b>").format(text)


def name_of(invitation: Invitation | None) -> str:
    """The customer's name, as far as it is known."""
    if invitation is not None and invitation.erased:
        return translated("An erased customer")
    return (invitation.customer.name if invitation else None) or translated("A customer")


def clock_start(case: CaseFile, answer: Answer) -> datetime:
    """When the deadlines of a case began to run: when the customer answered, not when the event arrived."""
    return min(case.opened_at, answer.answered_at or case.opened_at)


def _due(case: CaseFile, now: datetime, zone: ZoneInfo) -> str:
    if case.state == "closed" and case.closed_at is not None:
        return translated("closed %(at)s") % {"at": times.moment(case.closed_at, now, zone)}
    if case.wake_at is not None:
        return translated("waits until %(at)s") % {"at": times.moment(case.wake_at, now, zone)}
    return times.deadline(case.due_at, now, zone, contact=case.waits_for_contact)


def grouped(
    rows: Sequence[tuple[CaseRow, datetime]], now: datetime, zone: ZoneInfo
) -> list[tuple[str, list[CaseRow]]]:
    """Too late, due today, later: those that are not empty."""
    today = now.astimezone(zone).date()
    late, due_today, later = translated("Too late"), translated("Due today"), translated("Later")
    groups: dict[str, list[CaseRow]] = {late: [], due_today: [], later: []}
    for row, due_at in rows:
        name = late if row.late else due_today if due_at.astimezone(zone).date() == today else later
        groups[name].append(row)
    return [(name, group) for name, group in groups.items() if group]


class CaseDeadline(msgspec.Struct, frozen=True, kw_only=True):
    """A deadline of an open case, as the page's clock shows it."""

    name: str
    at: str
    left: str
    late: bool
    elapsed: float
    start: str
    end: str


def deadlines(case: CaseFile, start: datetime, now: datetime, zone: ZoneInfo) -> list[CaseDeadline]:
    """The deadlines that are ahead or missed; none while it waits."""
    if case.state == "closed" or case.waiting_since is not None:
        return []
    wanted = [(translated("Close by"), case.close_due_at)]
    if case.waits_for_contact:
        wanted.insert(0, (translated("First contact by"), case.contact_due_at))
    return [
        CaseDeadline(
            name=name,
            at=times.moment(at, now, zone),
            left=times.lateness(now - at) if at < now else times.duration(at - now),
            late=at < now,
            elapsed=times.elapsed_percent(start, at, now),
            start=times.weekday_time(start, zone),
            end=times.weekday_time(at, zone),
        )
        for name, at in wanted
    ]


def shown_until(revealed_at: datetime | None, now: datetime, policy: CasePolicy) -> datetime | None:
    """Until when a person may read the address, who was shown it then; None: not, or no longer."""
    if revealed_at is None:
        return None
    until = revealed_at + policy.address_shown_for
    return until if now < until else None
