"""What a link shows of the work on its answer: no names, no texts, no words of the company's own. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import msgspec

from services.collector.domain import UNANSWERABLE_STATES, LinkTarget, OpenedCase, amended
from services.collector.suspicion import is_held
from shared.events import Answer, Objection
from shared.events.cases import OBJECTION_WITHIN
from shared.privacy.subjects import ERASED_CUSTOMER
from shared.values.zones import zone_of

ReceiptStage = Literal["received", "in_hand", "waiting", "solved", "ended"]
_STAGES: dict[str, ReceiptStage] = {
    "assigned": "in_hand",
    "contacted": "in_hand",
    "in_progress": "in_hand",
    "waiting_customer": "waiting",
    "resolved": "solved",
    "closed": "ended",
    "no_contact": "ended",
    # The case that it was merged into is worked on; how far that is, this one does not say.
    "duplicate": "in_hand",
}
"""By the case's; of others it depends on whether somebody has the case."""
MAX_OBJECTIONS = 20
"""Of one answer."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far the work on an answer is. Its days are the company's."""

    received_at: datetime
    stage: ReceiptStage
    until: date | None
    """Until when it is in hand, or waits for the customer; None: not known, or over."""
    ended_on: date | None
    objected_at: datetime | None
    """When the customer said that it is not solved, of how it stands now or of what was opened again."""
    closing: datetime | None
    """The closing to which the customer may object now."""
    can_object_until: datetime | None


def receipt_of(target: LinkTarget, now: datetime) -> Receipt | None:
    """The receipt of a link; None: there is no case, or nobody whose it is.

    It stays for as long as the customer may object after the end, unless the company or the person is gone.
    """
    answer, case = target.answer, target.case
    if case is None or answer is None or answer.answered_at is None or is_held(answer):
        return None
    if target.anonymous or answer.anonymous or case.stage == "withdrawn" or not _is_somebodys(target):
        return None
    stage = _STAGES.get(case.stage) or ("in_hand" if case.has_owner else "received")
    zone = zone_of(target.tenant.time_zone)
    due = {"in_hand": case.due_at, "waiting": case.waits_until}.get(stage) if case.closed_at is None else None
    closing = case.closed_at if _may_object(answer, case, now) else None
    return Receipt(
        received_at=answer.answered_at,
        stage=stage,
        until=due.astimezone(zone).date() if due is not None and due > now else None,
        ended_on=case.closed_at.astimezone(zone).date() if case.closed_at is not None else None,
        objected_at=_objected_at(answer, case),
        closing=closing,
        can_object_until=closing + OBJECTION_WITHIN if closing is not None else None,
    )


def is_shown_alone(target: LinkTarget, now: datetime) -> bool:
    """Whether a link that has ended shows its receipt: while the case is open, and for some days more."""
    case = target.case
    if case is None or receipt_of(target, now) is None:
        return False
    is_over = case.stage in {"resolved", "closed", "no_contact", "duplicate"}
    return not is_over or (case.closed_at is not None and now - case.closed_at <= OBJECTION_WITHIN)


def objected(answer: Answer, closing: datetime, words: str | None, now: datetime) -> Answer:
    """The answer with an objection to a closing. The time of the answer stays."""
    objection = Objection(closed_at=closing, said_at=now, words=words)
    new = msgspec.structs.replace(answer, objections=(*answer.objections, objection))
    return amended(answer, new, answer.changed_at)


def _is_somebodys(target: LinkTarget) -> bool:
    invitation = target.invitation
    return not (
        target.tenant.is_closed
        or invitation.erased
        or invitation.customer_id == ERASED_CUSTOMER.id
        or invitation.state in UNANSWERABLE_STATES
    )


def _may_object(answer: Answer, case: OpenedCase, now: datetime) -> bool:
    if case.closed_at is None or case.stage == "duplicate" or now - case.closed_at > OBJECTION_WITHIN:
        return False
    already = any(one.closed_at == case.closed_at for one in answer.objections)
    return not already and len(answer.objections) < MAX_OBJECTIONS


def _objected_at(answer: Answer, case: OpenedCase) -> datetime | None:
    about = [one for one in answer.objections if case.closed_at in {None, one.closed_at}]
    return about[-1].said_at if about else None
