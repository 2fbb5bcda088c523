"""A customer says, by the form of the receipt, that it is not solved."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from services.collector.answering import Link, ended_link
from services.collector.context import CollectorContext
from services.collector.domain import MAX_TEXT_LENGTH, LinkTarget, link_status
from services.collector.objections import ObjectionFault, ObjectionForm, read_objection
from services.collector.outcomes import Ended
from services.collector.receipts import Receipt, is_shown_alone, objected, receipt_of
from services.collector.repository import answers, links
from services.collector.responses import signs_against
from services.collector.suspicion import published
from shared.db.database import UnitOfWork
from shared.events import ANSWERS
from shared.ids import uuid7


@dataclass(frozen=True, slots=True)
class ObjectionOutcome:
    """What came of the form: with a fault nothing was written."""

    target: LinkTarget
    form: ObjectionForm
    fault: ObjectionFault | None = None


async def object_by_link(request: Request, context: CollectorContext, link: Link) -> ObjectionOutcome | Ended:
    """Keep and publish the objection: once for each closing, and only to the one that the page showed."""
    form = read_objection(await request.form())
    id_ = link.invitation_id or uuid7()
    async with context.invitation_locks.acquire(str(id_)), context.database.transaction() as uow:
        await links.lock_invitation(uow, id_)
        target = await links.find_link_target(uow, id_)
        receipt = receipt_of(target, uow.now) if target is not None else None
        if target is None or receipt is None or link.anonymous or not _is_shown(target, uow.now):
            return ended_link(context, link, target)
        if receipt.closing is None or receipt.closing.isoformat() != form.closing:
            return ObjectionOutcome(target, form)
        if (fault := _fault(request, context, target, form)) is not None:
            return ObjectionOutcome(target, form, fault)
        return ObjectionOutcome(await _write(uow, target, receipt, form), form)


def _is_shown(target: LinkTarget, now: datetime) -> bool:
    """Whether the link's page shows the receipt: with the answer, or alone."""
    return link_status(target.invitation.id, target, now) == "open" or is_shown_alone(target, now)


async def _write(uow: UnitOfWork, target: LinkTarget, receipt: Receipt, form: ObjectionForm) -> LinkTarget:
    assert target.answer is not None  # noqa: S101  (for the type checker: it has a receipt)
    assert receipt.closing is not None  # noqa: S101
    answer = objected(target.answer, receipt.closing, form.words or None, uow.now)
    await answers.put_answers(uow, target.tenant.id, [answer], target.last_write)
    uow.publish(ANSWERS, target.tenant.id, published(answer))
    return target


def _fault(
    request: Request, context: CollectorContext, target: LinkTarget, form: ObjectionForm
) -> ObjectionFault | None:
    """Why the form is not taken; what speaks for a machine is judged as of an answer."""
    if len(form.words) > MAX_TEXT_LENGTH:
        return "words"
    if not context.nonce.is_valid(form.nonce, target.invitation.id, context.database.clock()):
        return "nonce"
    return "suspect" if signs_against(request, context, target, form) else None
