"""What becomes of a link that a customer follows, and of a form that is posted by it.

The page ``/s/{token}`` and the script in a company's own page are answered by the same code.
"""

from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from fastapi import Request

from services.collector.anonymous_answering import answer_anonymous_survey
from services.collector.context import CollectorContext
from services.collector.devices import device_ordinal
from services.collector.domain import (
    LinkStatus,
    LinkTarget,
    answer_after,
    clicked_answer,
    is_first_of_person,
    link_status,
)
from services.collector.forms import SurveyForm, read_form
from services.collector.merging import MergeResult, merge, sole_writer
from services.collector.outcomes import AskedAgain, Ended, Faulty, Outcome, Settled, Written
from services.collector.receipts import is_shown_alone
from services.collector.repository import answers, intents, links
from services.collector.responses import posted_signs, signs_against
from services.collector.staff_networks import is_of_staff_network
from services.collector.survey_texts import available_languages, customer_language, with_filled_texts
from services.collector.suspicion import is_held, is_of_person, published
from services.collector.visits import Visit, intent_after
from shared.db.database import UnitOfWork
from shared.events import ANSWERS
from shared.events.answers import MachineSign
from shared.http.client_networks import network_of
from shared.http.rate_limit import attempt
from shared.ids import uuid7


class Link(NamedTuple):
    """What the token of a link says."""

    invitation_id: UUID | None
    """None: it is not one of ours."""
    anonymous: bool
    """It was made for an anonymous survey."""


def read_link(context: CollectorContext, request: Request, token: str) -> Link:
    """What the token of a link says.

    :raises Problem: 429 to a caller who asks faster than people do.
    """
    attempt((context.per_network, network_of(request)))
    known, anonymous = context.signer.read("answer", token), context.signer.read("anonymous", token)
    invitation_id = known or anonymous
    if invitation_id is not None:
        attempt((context.per_link, str(invitation_id)))
    return Link(invitation_id, anonymous=anonymous is not None)


async def follow_link(
    request: Request, context: CollectorContext, link: Link, score: int | None
) -> LinkTarget | Ended:
    """What the link leads to; record the visit, but never an answer.

    :param score: the one that the link chooses.
    """
    target = _unless_ended(context, link, await _find_target(context, link))
    if isinstance(target, Ended) or target.anonymous:
        return target
    query = request.query_params
    target = replace(target, page=query.get("page"))
    if not target.scored_answer and _is_visit(request):
        visit = Visit(score, request.headers.get("user-agent", ""), "trap" in query)
        await _record_visit(context, target, visit)
    return target


async def look_again(context: CollectorContext, link: Link, page: str) -> LinkTarget | Ended:
    """What the link leads to after a form was posted; no visit.

    :param page: the id of the page that posted it, which alone sees an answer that may be a machine's.
    """
    target = _unless_ended(context, link, await _find_target(context, link))
    return target if isinstance(target, Ended) else replace(target, page=page or None)


async def answer_link(request: Request, context: CollectorContext, link: Link) -> Outcome:
    """Accept the posted form, as it grows or when it is sent."""
    fields = await request.form()
    if not link.anonymous:
        return await _answer_with_name(request, context, link, fields)
    target = _unless_ended(context, link, await _find_target(context, link))
    if isinstance(target, Ended):
        return target
    return await answer_anonymous_survey(request, context, target, fields)


def _unless_ended(context: CollectorContext, link: Link, target: LinkTarget | None) -> LinkTarget | Ended:
    """The target of a link that can be answered now."""
    status: LinkStatus = "gone"
    if link.invitation_id is not None:
        status = link_status(link.invitation_id, target, context.database.clock())
    if target is not None and status == "open":
        return target
    return ended_link(context, link, target)


def ended_link(context: CollectorContext, link: Link, target: LinkTarget | None) -> Ended:
    """A link that cannot be answered, with what it still shows."""
    now = context.database.clock()
    if link.invitation_id is not None and link_status(link.invitation_id, target, now) == "unknown":
        return Ended("unknown")
    shows_receipt = target is not None and not link.anonymous and is_shown_alone(target, now)
    return Ended("gone", receipt=target if shows_receipt else None)


async def _answer_with_name(request: Request, context: CollectorContext, link: Link, fields: Any) -> Outcome:
    invitation_id = link.invitation_id
    async with context.invitation_locks.acquire(str(invitation_id)), context.database.transaction() as uow:
        # The lock comes first: what is read after it cannot change until this transaction has written.
        await links.lock_invitation(uow, invitation_id or uuid7())
        found = await links.find_link_target(uow, invitation_id or uuid7())
        if isinstance(target := _unless_ended(context, link, found), Ended):
            return target
        languages = available_languages(target, context.pages)
        language = customer_language(target, languages)
        form = read_form(fields, languages, language, target.questions)
        target = replace(target, page=form.page or None)
        if (instead := _not_written(context, target, form, language)) is not None:
            return instead
        merged = merge(target, form.posted())
        if form.action == "send" and merged.conflicts:
            return Faulty(target, form, ["conflict", *merged.conflicts])
        signs = posted_signs(request, context, target, form)
        if signs and is_of_person(target.answer):
            signs = signs_against(request, context, target, form)
            if signs:
                return Faulty(target, form, ["suspect"])
        of_staff = is_of_staff_network(request, target.tenant)
        merged = replace(merged, submitted=replace(merged.submitted, staff_network=of_staff))
        target = await _write_answer(uow, request, context, target, form, merged, signs)
    # To whoever follows the link a held answer is none: the page that gave it says which one it is.
    is_hidden = target.answer is not None and is_held(target.answer)
    return Written(target, form, merged, language, form.page if is_hidden else "")


def _not_written(
    context: CollectorContext, target: LinkTarget, form: SurveyForm, language: str
) -> Outcome | None:
    """What comes of a form that is not to be written, or not as it is; None: it can be."""
    if target.is_final:
        return Settled(form, language)
    if form.action == "language":
        return AskedAgain(target, form)
    faults = form.faults()
    if not context.nonce.is_valid(form.nonce, target.invitation.id, context.database.clock()):
        faults.append("nonce")
    return Faulty(target, form, faults) if faults else None


async def _write_answer(
    uow: UnitOfWork,
    request: Request,
    context: CollectorContext,
    target: LinkTarget,
    form: SurveyForm,
    merged: MergeResult,
    signs: tuple[MachineSign, ...],
) -> LinkTarget:
    """Write and publish the merged form if it changes the answer; return the target as it is then."""
    if merged.overtaken and form.action != "send":
        return target
    # The question is kept as it was asked: with its placeholders filled.
    as_asked = with_filled_texts(target, form.language, context.pages, form.texts, form.replies)
    opened_at = None
    if target.is_untouched:
        intent = await intents.find_intent(uow, target.tenant.id, target.invitation.id)
        opened_at = intent.opened_at(target.invitation.mails) if intent is not None else None
    answer = answer_after(as_asked, merged.submitted, uow.now, opened_at, signs)
    if answer is None:
        return target
    if is_first_of_person(target.answer, signs) and not answer.test:
        ordinal = await device_ordinal(uow, request, context.devices, target.tenant)
        answer = msgspec.structs.replace(answer, device_ordinal=ordinal)
    writer = sole_writer(answer, form.posted())
    await answers.put_answers(uow, target.tenant.id, [answer], writer)
    uow.publish(ANSWERS, target.tenant.id, published(answer))
    return replace(target, answer=answer, last_write=writer)


async def _record_visit(context: CollectorContext, target: LinkTarget, visit: Visit) -> None:
    """Record a visit; a person's first one publishes the answer as ``clicked``."""
    invitation, tenant = target.invitation, target.tenant.id
    async with (
        context.invitation_locks.acquire(str(invitation.id)),
        context.database.transaction() as uow,
    ):
        await links.lock_invitation(uow, invitation.id)
        current = await links.find_link_target(uow, invitation.id)
        if link_status(invitation.id, current, uow.now) != "open":
            return  # erased since the page was read
        intent = intent_after(await intents.find_intent(uow, tenant, invitation.id), visit, uow.now)
        await intents.put_intent(uow, tenant, invitation.id, intent)
        if intent.flag is not None or current is None or current.answer is not None:
            return
        if not current.invitation.mails.are_early(uow.now):
            answer = clicked_answer(current.invitation, uow.now)
            await answers.put_answers(uow, tenant, [answer])
            uow.publish(ANSWERS, tenant, answer)


def _is_visit(request: Request) -> bool:
    """Whether the page was opened, rather than prefetched or asked for its headers only."""
    purposes = (request.headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"))
    return not request.scope.get("head") and not any("pre" in purpose.lower() for purpose in purposes)


async def _find_target(context: CollectorContext, link: Link) -> LinkTarget | None:
    """What a link leads to."""
    async with context.database.reading() as uow:
        # A wrong link costs the same query as a right one.
        target = await links.find_link_target(uow, link.invitation_id or uuid7())
    return replace(target, anonymous=link.anonymous) if target is not None else None
