"""What changed a mail after its decision: postponed, dropped or withheld, by which rule and which values.

A row is written in the transaction of the change (``invitation_change``). The newest ``MAX_CHANGES`` of an
invitation are kept.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, cast
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.dispatcher.decisions.considering import JUDGED_BY_TIME, consider_at
from services.dispatcher.decisions.hours import CLOCK_RULES, Hold
from services.dispatcher.decisions.values import (
    CandidateSurvey,
    Considered,
    OpenCase,
    Person,
    SurveyOutcome,
)
from services.dispatcher.repository import changes as rows
from services.dispatcher.repository.changes import MAX_CHANGES
from shared.db import UnitOfWork

ChangeKind = Literal["postponed", "dropped", "withheld"]


class ChangeValues(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The values behind a change, as they were then."""

    held_by: tuple[str, ...] = ()
    """The rules that hold the mail, in the order in which they were met."""
    held_until: datetime | None = None
    """Until then; one that is dropped would have been too late."""
    zone: str | None = None
    """By whose clock it is held."""
    cap_hours: int | None = None
    """Of ``cap``: there is at most one mail in so many hours."""
    last_message_at: datetime | None = None
    """Of ``cap``: when the one before it left."""
    max_age_days: int | None = None
    """Of one that is too late: for so long an event is asked about."""
    open_case: OpenCase | None = None
    """Of ``case_open``."""
    considered: Considered | None = None
    """Of other rules: the survey with what it was judged by."""


NO_VALUES = ChangeValues()


class MailChange(NamedTuple):
    """One change of one delivery of an invitation."""

    n: int
    """Which delivery; 1 is the first mail."""
    at: datetime
    what: ChangeKind
    reason: str
    until: datetime | None
    """Until when it is postponed."""
    values: ChangeValues


def values_of_hold(held: Hold, person: Person, max_age_days: int | None = None) -> ChangeValues:
    """The values by which a mail must wait, or is dropped since it would be too late then.

    :param max_age_days: of one that would be too old.
    """
    by_cap = "cap" in held.by
    return ChangeValues(
        held_by=held.by,
        held_until=held.until,
        zone=person.hours.zones if not CLOCK_RULES.isdisjoint(held.by) else None,
        cap_hours=person.cap_hours if by_cap else None,
        last_message_at=held.after if by_cap else None,
        max_age_days=max_age_days,
    )


def values_of_refusal(
    reason: str, survey: CandidateSurvey | None, occurred_at: datetime, at: datetime, person: Person
) -> ChangeValues:
    """The values by which a mail that would leave at this instant is not sent."""
    if reason == "case_open":
        return ChangeValues(open_case=person.open_case)
    if survey is None:
        return NO_VALUES
    if reason == "too_old":
        return ChangeValues(max_age_days=survey.max_age_days)
    if reason in JUDGED_BY_TIME:
        why = cast("SurveyOutcome", reason)
        return ChangeValues(considered=consider_at(survey, why, occurred_at, at, person))
    return NO_VALUES


async def note_change(
    uow: UnitOfWork,
    tenant: str,
    invitation_id: UUID,
    n: int,
    what: ChangeKind,
    reason: str,
    *,
    until: datetime | None = None,
    values: ChangeValues = NO_VALUES,
) -> None:
    """Store a change; of two of one delivery in one transaction the last one."""
    change = {"n": n, "at": uow.now, "what": what, "reason": reason, "until": until}
    await rows.insert(uow, tenant, invitation_id, {**change, "grounds": _encoder.encode(values)})


async def list_changes(uow: UnitOfWork, tenant: str, invitation_id: UUID) -> list[MailChange]:
    """The changes of one invitation, the oldest first."""
    return (await list_changes_of(uow, tenant, [invitation_id])).get(invitation_id, [])


async def list_changes_of(
    uow: UnitOfWork, tenant: str, invitation_ids: Collection[UUID]
) -> Mapping[UUID, list[MailChange]]:
    """The changes of each of these invitations, the oldest first."""
    changes: dict[UUID, list[MailChange]] = {}
    for row in await rows.list_of(uow, tenant, invitation_ids):
        changes.setdefault(row.invitation_id, []).append(_read(row))
    return changes


def are_all_kept(changes: Sequence[MailChange]) -> bool:
    """Whether none of an invitation's changes may have been removed for newer ones."""
    return len(changes) < MAX_CHANGES


def _read(row: Row[Any]) -> MailChange:
    return MailChange(row.n, row.at, row.what, row.reason, row.until, _decoder.decode(row.grounds))


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(ChangeValues)
