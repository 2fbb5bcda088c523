"""The customer's page: ``/s/{token}``."""

from dataclasses import replace
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from services.collector.context import CollectorContext, OwnContext
from services.collector.domain import LinkTarget, answer_after, clicked_answer, link_status, parse_score
from services.collector.forms import FormFault, SurveyForm, read_form
from services.collector.merging import MergeResult, merge, shown_after, sole_writer
from services.collector.repository import answers, intents, links
from services.collector.survey_texts import (
    available_languages,
    customer_language,
    time_zone_of,
    with_filled_texts,
)
from services.collector.views import (
    RELOAD_INTERVAL_S,
    LinkGonePage,
    OneMomentPage,
    form_of_answer,
    shown_answer,
    survey_page,
    thanks_page,
)
from services.collector.visits import Visit, intent_after
from shared.db.database import UnitOfWork
from shared.events import ANSWERS
from shared.http.client_networks import network_of
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.ids import uuid7
from shared.pages.page import Frame, Page

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)

NOT_INDEXED = {"X-Robots-Tag": "noindex, nofollow"}


@router.get("/s/{token}")
async def show_survey(request: Request, token: str, context: OwnContext) -> Response:
    """Show the question, the thanks, or that the link is gone; record the visit, but never an answer."""
    invitation_id = _read_token(context, request, token)
    async with context.database.reading() as uow:
        # A wrong link costs the same query as a right one.
        target = await links.find_link_target(uow, invitation_id or uuid7())
    if (closed := _closed(request, context, invitation_id, target)) or target is None:
        return closed or _gone(request, context)
    query = request.query_params
    score = parse_score(query.get("v"))
    if not target.scored_answer and _is_visit(request):
        visit = Visit(score, request.headers.get("user-agent", ""), "trap" in query)
        await _record_visit(context, target, visit)
    languages = available_languages(target, context.pages)
    language = query.get("lang", "")
    language = language if language in languages else customer_language(target, languages)
    answer = target.scored_answer
    if answer is not None and answer.state == "sent" and score is None and "change" not in query:
        page = thanks_page(context, target, answer, language, request.url.path, context.database.clock())
        return _respond(request, context, page, target, language)
    form = form_of_answer(context, target, language)
    return _show_form(request, context, target, form if score is None else replace(form, score=score))


@router.post("/s/{token}")
async def answer_survey(request: Request, token: str, context: OwnContext) -> Response:
    """Accept the form, as it grows or when it is sent; a form with faults comes back as it was filled in."""
    invitation_id = _read_token(context, request, token)
    fields = await request.form()
    async with context.invitation_locks.hold(str(invitation_id)), context.database.transaction() as uow:
        # The lock comes first: what is read after it cannot change until this transaction has written.
        await links.lock_invitation(uow, invitation_id or uuid7())
        target = await links.find_link_target(uow, invitation_id or uuid7())
        if (closed := _closed(request, context, invitation_id, target)) or target is None:
            return closed or _gone(request, context)
        languages = available_languages(target, context.pages)
        language = customer_language(target, languages)
        form = read_form(fields, languages, language)
        if form.action == "language":
            return _show_form(request, context, target, form)
        faults = form.faults()
        if not context.nonce.is_valid(form.nonce, target.invitation.id, context.database.clock()):
            faults.append("nonce")
        if faults:
            return _refuse(request, context, target, form, faults)
        merged = merge(target, form.posted())
        if form.action == "send" and merged.conflicts:
            return _refuse(request, context, target, form, ["conflict", *merged.conflicts])
        target = await _write_answer(uow, context, target, form, merged)
    if form.action != "send":
        return _saved(target, form, merged)
    suffix = "" if form.language == language else f"?lang={form.language}"
    return RedirectResponse(f"/s/{token}{suffix}", 303, headers=NOT_INDEXED)


async def _write_answer(
    uow: UnitOfWork, context: CollectorContext, target: LinkTarget, form: SurveyForm, merged: MergeResult
) -> LinkTarget:
    """Write and publish the merged form if it changes the answer; return the target as it is then."""
    if merged.overtaken and form.action != "send":
        return target
    # The question is kept as it was asked: with its placeholders filled.
    as_asked = with_filled_texts(target, form.language, context.pages, form.texts)
    answer = answer_after(as_asked, merged.submitted, uow.now)
    if answer is None:
        return target
    writer = sole_writer(answer, form.posted())
    await answers.put_answers(uow, target.tenant.id, [answer], writer)
    uow.publish(ANSWERS, target.tenant.id, answer)
    return replace(target, answer=answer, last_write=writer)


def _saved(target: LinkTarget, form: SurveyForm, merged: MergeResult) -> Response:
    """For the page's script: the saved score, and what its page shows of the answer from now on."""
    answer = target.answer
    assert answer is not None  # noqa: S101  (for the type checker: it was written now or before)
    shown = shown_after(answer, form.posted()).encode()
    return JSONResponse(
        {"saved": answer.score, "drawn": shown, "conflict": bool(merged.conflicts)}, headers=NOT_INDEXED
    )


async def _record_visit(context: CollectorContext, target: LinkTarget, visit: Visit) -> None:
    """Record a visit; a person's first one publishes the answer as ``clicked``."""
    invitation, tenant = target.invitation, target.tenant.id
    async with (
        context.invitation_locks.hold(str(invitation.id)),
        context.database.transaction() as uow,
    ):
        await links.lock_invitation(uow, invitation.id)
        current = await links.find_link_target(uow, invitation.id)
        if link_status(invitation.id, current, uow.now) != "open":
            return  # erased since the page was read
        intent = intent_after(await intents.find_intent(uow, tenant, invitation.id), visit, uow.now)
        await intents.put_intent(uow, tenant, invitation.id, intent)
        if intent.flag is None and current is not None and current.answer is None:
            answer = clicked_answer(current.invitation, uow.now)
            await answers.put_answers(uow, tenant, [answer])
            uow.publish(ANSWERS, tenant, answer)


def _is_visit(request: Request) -> bool:
    """Whether the page was opened, rather than prefetched or asked for its headers only."""
    purposes = (request.headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"))
    return not request.scope.get("head") and not any("pre" in purpose.lower() for purpose in purposes)


def _closed(
    request: Request, context: CollectorContext, invitation_id: UUID | None, target: LinkTarget | None
) -> Response | None:
    """The response in place of the question, or None while it may be answered."""
    if invitation_id is None:
        return _gone(request, context)
    match link_status(invitation_id, target, context.database.clock()):
        case "gone":
            return _gone(request, context)
        case "unknown":
            response = _respond(request, context, OneMomentPage(), status_code=503)
            response.headers["Retry-After"] = str(RELOAD_INTERVAL_S)
            return response
        case "open":
            return None


def _gone(request: Request, context: CollectorContext) -> Response:
    return _respond(request, context, LinkGonePage(), status_code=404)


def _refuse(
    request: Request, context: CollectorContext, target: LinkTarget, form: SurveyForm, faults: list[FormFault]
) -> Response:
    """The form again. In a conflict both texts are shown, and the next Send decides."""
    can_be_sent_again = faults == ["nonce"] or "conflict" in faults
    status: Literal[409, 422] = 409 if can_be_sent_again else 422
    if form.action in {"choose", "keep"}:
        return JSONResponse({"saved": None}, status, headers=NOT_INDEXED)
    if "conflict" in faults:
        form = replace(form, shown=shown_answer(context, target))
    return _show_form(request, context, target, form, tuple(faults), status)


def _show_form(
    request: Request,
    context: CollectorContext,
    target: LinkTarget,
    form: SurveyForm,
    faults: tuple[FormFault, ...] = (),
    status_code: int = 200,
) -> Response:
    page = survey_page(context, target, form, request.url.path, context.database.clock(), faults)
    return _respond(request, context, page, target, form.language, status_code)


def _respond(
    request: Request,
    context: CollectorContext,
    page: Page,
    target: LinkTarget | None = None,
    language: str | None = None,
    status_code: int = 200,
) -> Response:
    """A page for the customer; without a target in the language of the browser."""
    frame = Frame(time_zone=time_zone_of(target) if target is not None else None)
    response = context.pages.page(request, page, frame=frame, status_code=status_code, speak=language)
    response.headers.update(NOT_INDEXED)
    return response


def _read_token(context: CollectorContext, request: Request, token: str) -> UUID | None:
    """The invitation that a link names; None when the link was not signed by us.

    :raises Problem: 429 to a caller who asks faster than people do.
    """
    attempt((context.per_network, network_of(request)))
    invitation_id = context.signer.read("answer", token)
    if invitation_id is not None:
        attempt((context.per_link, str(invitation_id)))
    return invitation_id
