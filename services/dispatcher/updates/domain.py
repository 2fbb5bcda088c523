"""Who is told of an action of improvement, what forbids it, and when the mail may leave. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from services.dispatcher.decisions.hours import ContactHours, hold
from services.dispatcher.decisions.preferences import Preferences
from services.dispatcher.replies.domain import OutgoingMail, ReachedCustomer, reason_not_to_write
from shared.events import Improvement
from shared.events.segments import ORGANISATION, decoded
from shared.ids import derived
from shared.values.zones import zone_of

UPDATE_KIND = "update"


class UpdatePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The times by which updates are judged."""

    max_age: timedelta = timedelta(days=30)
    """Of what was published longer ago nobody is told any more."""
    distance: timedelta = timedelta(days=14)
    """No person gets two updates within this time."""
    taken_back_wait: timedelta = timedelta(hours=1)
    """Until it is looked again whether what was taken back has been published anew."""


class PublishedAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action that customers are to be told of."""

    tenant: str
    id: UUID
    cause: str
    segment: str
    """``dimension:value``; empty: the whole company."""
    first_day: date
    """Of its baseline: cases that were closed from then on raised it."""
    published_at: datetime
    """Cases that were closed later raised something else."""


class RaisedCase(NamedTuple):
    """The case by which a person raised what was done: the last one, if there are several."""

    case_id: UUID
    number: int
    person: str
    answer_id: UUID


class CaseSegment(NamedTuple):
    """A segment as cases have it: one value of a dimension or a path of the organisation; else any case."""

    dimension: str = ""
    value: str = ""
    path: tuple[str, ...] = ()


class UpdateInputs(NamedTuple):
    """What decides about an update beside what decides about every mail from a case."""

    has_basis: bool
    """Whether the customer said that they may be contacted, and has not said otherwise since."""
    raised: bool
    """Whether their case is still closed, with the cause of the action."""
    published: bool
    """Whether the action has texts."""
    preferences: Preferences


class UpdateHold(NamedTuple):
    """When an update may leave, and what holds it until then; None: nothing."""

    until: datetime
    by: str | None = None


def published_at_of(improvement: Improvement) -> datetime | None:
    """Since when customers are to be told of an action; None: they are not.

    Who published it with a version that told nobody does not expect mails: it does not say when.
    """
    if improvement.status != "done" or not improvement.texts:
        return None
    return improvement.published_at


def segment_of_cases(segment: str) -> CaseSegment:
    """How cases have the segment of an action."""
    dimension, _, value = segment.partition(":")
    if dimension == ORGANISATION:
        return CaseSegment(path=tuple(decoded(part) for part in value.split("/")))
    return CaseSegment(decoded(dimension), decoded(value))


def raised_from(action: PublishedAction, time_zone: str) -> datetime:
    """From when on the cases that raised it were closed: the company's first midnight of the baseline."""
    return datetime.combine(action.first_day, time(), zone_of(time_zone))


def update_of(action: PublishedAction, case: RaisedCase, now: datetime) -> OutgoingMail:
    """The one mail that tells a person of an action, for ever, as it waits."""
    return OutgoingMail(
        tenant=action.tenant,
        id=derived("update", action.tenant, str(action.id), case.person),
        kind=UPDATE_KIND,
        version=1,
        state="waiting",
        reason=None,
        case_id=case.case_id,
        case_number=case.number,
        answer_id=case.answer_id,
        improvement_id=action.id,
        customer_id=None,
        person=case.person,
        contact_key=None,
        written_at=now,
        words=None,
    )


def reason_not_to_inform(
    policy: UpdatePolicy, now: datetime, since: datetime, customer: ReachedCustomer, inputs: UpdateInputs
) -> str | None:
    """Why an update may not leave; None lets it go.

    It asks for nothing, so no quarantine, no cap and no number of months count. It needs a basis: nobody is
    told who did not say that they may be contacted.

    :param since: when what it says was published; where that was taken back, when the mail was planned.
    """
    forbidden = reason_not_to_write(now - since, policy.max_age, customer)
    if forbidden is not None:
        return forbidden
    rules = (
        ("mail" in inputs.preferences.refused_channels, "opted_out"),
        (inputs.preferences.pauses(now), "paused_by_customer"),
        (not inputs.has_basis, "no_basis"),
        (not inputs.raised, "case_changed"),
    )
    return next((reason for forbids, reason in rules if forbids), None)


def hold_update(
    policy: UpdatePolicy,
    now: datetime,
    told_at: datetime | None,
    hours: ContactHours,
    inputs: UpdateInputs,
) -> UpdateHold:
    """When an update that nothing forbids may leave.

    :param told_at: when the person last got another update.
    :param hours: when the customer may be written to.
    """
    if not inputs.published:
        return UpdateHold(now + policy.taken_back_wait, "taken_back")
    earliest = max(now, told_at + policy.distance) if told_at is not None else now
    held = hold(earliest, hours)
    if earliest > now:
        return UpdateHold(held.until, "told_lately")
    return UpdateHold(held.until, held.by[0] if held.by else None)


def text_for(texts: Mapping[str, str], *languages: str) -> tuple[str, str]:
    """The language and the text that a customer reads.

    :param texts: by language; at least one.
    :param languages: those that suit them, the best first; each may be one of a region, as ``nl-BE``.
    """
    for language in languages:
        for known in (language, language.partition("-")[0]):
            if known in texts:
                return known, texts[known]
    return min(texts.items())
