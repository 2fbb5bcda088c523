"""The customer's page: ``/s/{token}``."""

from dataclasses import replace
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from services.collector import repository
from services.collector.context import CollectorContext, OwnContext
from services.collector.domain import (
    LinkTarget,
    Visit,
    answer_after,
    clicked_answer,
    intent_after,
    link_status,
)
from services.collector.forms import FormFault, SurveyForm, parse_score, read_form
from services.collector.merging import MergeResult, merge, shown_after, sole_writer
from services.collector.survey_texts import available_languages, customer_language, with_filled_texts
from services.collector.views import NOT_INDEXED, Renderer
from shared.db.database import UnitOfWork
from shared.events import ANSWERS
from shared.http.client_networks import network_of
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.ids import uuid7

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)


@router.get("/s/{token}")
async def show_survey(request: Request, token: str, context: OwnContext) -> Response:
    """Show the question, the thanks, or that the link is over; note the visit, and never an answer."""
    invitation_id = _invitation_of(context, request, token)
    async with context.database.reading() as uow:
        # A wrong link takes the same look into the database as a right one.
        found = await repository.find(uow, invitation_id or uuid7())
    if (closed := _closed(request, context, invitation_id, found)) or found is None:
        return closed or _renderer(context).gone(request)
    query = request.query_params
    score = parse_score(query.get("v"))
    if not found.scored and _is_visit(request):
        await _note(context, found, Visit(score, request.headers.get("user-agent", ""), "trap" in query))
    languages = available_languages(found, context.pages)
    language = query.get("lang", "")
    language = language if language in languages else customer_language(found, languages)
    now = context.database.clock()
    if found.scored and found.scored.state == "sent" and score is None and "change" not in query:
        return _renderer(context).thanks(request, found, language, now)
    sheet = _renderer(context).sheet_of(found, language)
    sheet = sheet if score is None else replace(sheet, score=score)
    return _renderer(context).form(request, found, sheet, now)


@router.post("/s/{token}")
async def answer_survey(request: Request, token: str, context: OwnContext) -> Response:
    """Take the form, as it grows or when it is sent; what cannot be taken comes back as it was filled in."""
    invitation_id = _invitation_of(context, request, token)
    form = await request.form()
    async with context.invitation_locks.hold(str(invitation_id)), context.database.transaction() as uow:
        # The lock first: whatever is read after it stays as it is until we have written.
        await repository.lock_invitation(uow, invitation_id or uuid7())
        found = await repository.find(uow, invitation_id or uuid7())
        if (closed := _closed(request, context, invitation_id, found)) or found is None:
            return closed or _renderer(context).gone(request)
        languages = available_languages(found, context.pages)
        own_language = customer_language(found, languages)
        sheet = read_form(form, languages, own_language)
        now = context.database.clock()
        if sheet.action == "language":
            return _renderer(context).form(request, found, sheet, now)
        faults = sheet.faults()
        if not context.nonce.holds(sheet.nonce, found.asked.id, now):
            faults.append("nonce")
        if faults:
            return _refused(request, context, found, sheet, faults)
        told = merge(found, sheet.posted())
        if sheet.action == "send" and told.conflicts:
            return _refused(request, context, found, sheet, ["conflict", *told.conflicts])
        found = await _keep(uow, context, found, sheet, told)
    if sheet.action != "send":
        return _kept(found, sheet, told)
    suffix = "" if sheet.language == own_language else f"?lang={sheet.language}"
    return RedirectResponse(f"/s/{token}{suffix}", 303, headers=NOT_INDEXED)


async def _keep(
    uow: UnitOfWork, context: CollectorContext, found: LinkTarget, sheet: SurveyForm, told: MergeResult
) -> LinkTarget:
    """Write and publish what the customer says with it, if that is anything new; how it stands then."""
    if told.overtaken and sheet.action != "send":
        return found
    # A question is kept as it was asked: with its placeholders filled.
    asked = with_filled_texts(found, sheet.language, context.pages, sheet.texts)
    new = answer_after(asked, told.said, uow.now)
    if new is None:
        return found
    written = sole_writer(new, sheet.posted())
    await repository.put_answers(uow, found.tenant.id, [new], written)
    uow.publish(ANSWERS, found.tenant.id, new)
    return replace(found, answer=new, written=written)


def _kept(found: LinkTarget, sheet: SurveyForm, told: MergeResult) -> Response:
    """What the script is told: the score that stands, and what its page shows of the answer from now on."""
    answer = found.answer
    assert answer is not None  # noqa: S101  (for the type checker: something was kept, or stood before)
    drawn = shown_after(answer, sheet.posted()).encode()
    return JSONResponse(
        {"saved": answer.score, "drawn": drawn, "conflict": bool(told.conflicts)}, headers=NOT_INDEXED
    )


async def _note(context: CollectorContext, found: LinkTarget, visit: Visit) -> None:
    """Write the visit down; the first one of somebody who is no machine is said once."""
    async with context.invitation_locks.hold(str(found.asked.id)), context.database.transaction() as uow:
        tenant, asked = found.tenant.id, found.asked
        await repository.lock_invitation(uow, asked.id)
        intent = intent_after(await repository.find_intent(uow, tenant, asked.id), visit, uow.now)
        await repository.put_intent(uow, tenant, asked.id, intent)
        now_found = await repository.find(uow, asked.id)
        if intent.flag is None and now_found is not None and now_found.answer is None:
            answer = clicked_answer(asked, uow.now)
            await repository.put_answers(uow, tenant, [answer])
            uow.publish(ANSWERS, tenant, answer)


def _is_visit(request: Request) -> bool:
    """Whether a page was opened: not fetched beforehand, and not asked for its headers only."""
    purposes = (request.headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"))
    return not request.scope.get("head") and not any("pre" in purpose.lower() for purpose in purposes)


def _closed(
    request: Request, context: CollectorContext, invitation_id: UUID | None, found: LinkTarget | None
) -> Response | None:
    """The page in place of the question, or None while it may be answered."""
    if invitation_id is None:
        return _renderer(context).gone(request)
    state = link_status(invitation_id, found, context.database.clock())
    if state == "gone":
        return _renderer(context).gone(request)
    return _renderer(context).one_moment(request) if state == "unknown" else None


def _refused(
    request: Request, context: CollectorContext, found: LinkTarget, sheet: SurveyForm, faults: list[FormFault]
) -> Response:
    """The form again. Where another page has written meanwhile both are shown, and Send decides."""
    again = faults == ["nonce"] or "conflict" in faults
    status: Literal[409, 422] = 409 if again else 422
    if sheet.action in {"choose", "keep"}:
        return JSONResponse({"saved": None}, status, headers=NOT_INDEXED)
    if "conflict" in faults:
        sheet = replace(sheet, shown=_renderer(context).shown(found))
    return _renderer(context).form(request, found, sheet, context.database.clock(), tuple(faults), status)


def _renderer(context: CollectorContext) -> Renderer:
    return Renderer(context.pages, context.signer, context.nonce)


def _invitation_of(context: CollectorContext, request: Request, token: str) -> UUID | None:
    """The invitation that a link names, if it is one of ours.

    :raises Problem: 429 to who asks faster than people do.
    """
    attempt((context.per_network, network_of(request)))
    invitation_id = context.signer.read("answer", token)
    if invitation_id is not None:
        attempt((context.per_link, str(invitation_id)))
    return invitation_id
