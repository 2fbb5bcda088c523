"""The customer's page: ``/s/{token}``."""

from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.collector.anonymous_pages import answer_anonymous_survey, show_anonymous_survey
from services.collector.context import CollectorContext, OwnContext
from services.collector.domain import LinkTarget, answer_after, clicked_answer, link_status, parse_score
from services.collector.forms import SurveyForm, read_form
from services.collector.merging import MergeResult, merge, sole_writer
from services.collector.repository import answers, intents, links
from services.collector.responses import (
    NOT_INDEXED,
    closed,
    gone,
    not_saved,
    posted_signs,
    refuse,
    respond,
    saved,
    show_form,
)
from services.collector.survey_texts import available_languages, customer_language, with_filled_texts
from services.collector.suspicion import is_held, published
from services.collector.views import form_of_answer, thanks_page
from services.collector.visits import Visit, intent_after
from shared.db.database import UnitOfWork
from shared.events import ANSWERS
from shared.events.answers import MachineSign
from shared.http.client_networks import network_of
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.ids import uuid7

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)


class _Link(NamedTuple):
    """What the token of a link says."""

    invitation_id: UUID | None
    anonymous: bool
    """It was in the mail of an anonymous survey."""


@router.get("/s/{token}")
async def show_survey(request: Request, token: str, context: OwnContext) -> Response:
    """Show the question, the thanks, or that the link is gone; record the visit, but never an answer."""
    link = _read_token(context, request, token)
    target = await _find_target(context, link)
    if (instead := closed(request, context, link.invitation_id, target)) or target is None:
        return instead or gone(request, context)
    if target.anonymous:
        return show_anonymous_survey(request, context, target)
    query = request.query_params
    target = replace(target, page=query.get("page"))
    score = parse_score(query.get("v"))
    if not target.scored_answer and _is_visit(request):
        visit = Visit(score, request.headers.get("user-agent", ""), "trap" in query)
        await _record_visit(context, target, visit)
    languages = available_languages(target, context.pages)
    language = query.get("lang", "")
    language = language if language in languages else customer_language(target, languages)
    answer = target.scored_answer
    wants_change = score is not None or "change" in query
    if answer is not None and answer.state == "sent" and (target.is_final or not wants_change):
        url = None if target.is_final else request.url.path
        page = thanks_page(context, target, answer, language, url, context.database.clock())
        return respond(request, context, page, target, language)
    form = form_of_answer(context, target, language)
    return show_form(request, context, target, form if score is None else replace(form, score=score))


@router.post("/s/{token}")
async def answer_survey(request: Request, token: str, context: OwnContext) -> Response:
    """Accept the form, as it grows or when it is sent; a form with faults comes back as it was filled in."""
    link = _read_token(context, request, token)
    fields = await request.form()
    answer = _answer_anonymously if link.anonymous else _answer_with_name
    return await answer(request, context, link, fields)


async def _answer_with_name(
    request: Request, context: CollectorContext, link: _Link, fields: Any
) -> Response:
    invitation_id = link.invitation_id
    async with context.invitation_locks.acquire(str(invitation_id)), context.database.transaction() as uow:
        # The lock comes first: what is read after it cannot change until this transaction has written.
        await links.lock_invitation(uow, invitation_id or uuid7())
        target = await links.find_link_target(uow, invitation_id or uuid7())
        if (instead := closed(request, context, invitation_id, target)) or target is None:
            return instead or gone(request, context)
        languages = available_languages(target, context.pages)
        language = customer_language(target, languages)
        form = read_form(fields, languages, language, target.questions)
        target = replace(target, page=form.page or None)
        if (instead := _not_written(request, context, target, form, language)) is not None:
            return instead
        merged = merge(target, form.posted())
        if form.action == "send" and merged.conflicts:
            return refuse(request, context, target, form, ["conflict", *merged.conflicts])
        signs = posted_signs(request, context, target, form)
        target = await _write_answer(uow, context, target, form, merged, signs)
    if form.action != "send":
        return saved(target, form, merged)
    # To whoever follows the link a held answer is none: the page that gave it says which one it is.
    is_hidden = target.answer is not None and is_held(target.answer)
    return _seen_again(request, form, language, form.page if is_hidden else "")


def _not_written(
    request: Request, context: CollectorContext, target: LinkTarget, form: SurveyForm, language: str
) -> Response | None:
    """The response to a form that is not to be written, or not as it is; None: it can be."""
    if target.is_final:
        return not_saved(409) if form.is_of_script else _seen_again(request, form, language)
    if form.action == "language":
        return show_form(request, context, target, form)
    faults = form.faults()
    if not context.nonce.is_valid(form.nonce, target.invitation.id, context.database.clock()):
        faults.append("nonce")
    return refuse(request, context, target, form, faults) if faults else None


def _seen_again(request: Request, form: SurveyForm, language: str, page: str = "") -> Response:
    """To the page of the answer, in the language of the form.

    :param page: the id of the page that posted it, where it alone may see the answer.
    """
    said = {"page": page, "lang": "" if form.language == language else form.language}
    query = urlencode({name: value for name, value in said.items() if value})
    return RedirectResponse(f"{request.url.path}{query and '?'}{query}", 303, headers=NOT_INDEXED)


async def _write_answer(
    uow: UnitOfWork,
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


async def _answer_anonymously(
    request: Request, context: CollectorContext, link: _Link, fields: Any
) -> Response:
    target = await _find_target(context, link)
    if (instead := closed(request, context, link.invitation_id, target)) or target is None:
        return instead or gone(request, context)
    return await answer_anonymous_survey(request, context, target, fields)


async def _find_target(context: CollectorContext, link: _Link) -> LinkTarget | None:
    """What a link leads to."""
    async with context.database.reading() as uow:
        # A wrong link costs the same query as a right one.
        target = await links.find_link_target(uow, link.invitation_id or uuid7())
    return replace(target, anonymous=link.anonymous) if target is not None else None


def _read_token(context: CollectorContext, request: Request, token: str) -> _Link:
    """What a link says: no invitation when it was not signed by us.

    :raises Problem: 429 to a caller who asks faster than people do.
    """
    attempt((context.per_network, network_of(request)))
    known, anonymous = context.signer.read("answer", token), context.signer.read("anonymous", token)
    invitation_id = known or anonymous
    if invitation_id is not None:
        attempt((context.per_link, str(invitation_id)))
    return _Link(invitation_id, anonymous=anonymous is not None)
