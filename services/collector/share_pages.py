"""The page of an open link: ``/q/{code}``. A GET writes nothing; an answer is the browser's that gave it.

The page carries a signed secret, from which the answer's id follows. A link that takes one answer of each
device keeps that secret in a cookie, set only with an answer and only for this link; nothing else of a
browser is looked at. A post that could be a machine's is not taken: the page comes back.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.collector.anonymous import AnswerKeys
from services.collector.context import CollectorContext, OwnContext
from services.collector.domain import LinkTarget, answer_after, parse_score
from services.collector.forms import SurveyForm, read_form
from services.collector.merging import merge, sole_writer
from services.collector.repository import answers, share_links
from services.collector.repository.share_links import SharedSurvey
from services.collector.responses import (
    NOT_INDEXED,
    gone,
    not_saved,
    refuse,
    respond,
    saved,
    show_form,
    signs_against,
)
from services.collector.sharing import reason_not_to_share, shared_target, with_blank_answer
from services.collector.survey_texts import available_languages, customer_language, with_filled_texts
from services.collector.views import form_of_answer, thanks_page
from shared.db.database import UnitOfWork
from shared.events import ANSWERS
from shared.http.client_networks import network_of
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.telemetry.metrics import SHARED_ANSWERS
from shared.values.zones import zone_of

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
COOKIE = "aw_answered"
"""The page's secret of the answer that this browser gave by this link; its path is that of the link."""
COOKIE_LIFETIME = timedelta(days=365)


@router.get("/q/{code}")
async def show_shared_survey(request: Request, code: str, context: OwnContext) -> Response:
    """Show the question, or the thanks to a browser that has answered."""
    attempt((context.per_network, network_of(request)))
    async with context.database.reading() as uow:
        shared = await share_links.find_by_code(uow, code)
        if shared is None:
            return gone(request, context)
        secret, target = await _target(uow, request, context, shared)
        today = _today(shared, uow.now)
    language = _language(context, target, request.query_params.get("lang", ""))
    answer = target.scored_answer
    if answer is not None and answer.state == "sent":
        page = thanks_page(context, target, answer, language, None, context.database.clock())
        return respond(request, context, page, target, language)
    if not _is_open(shared, today, has_begun=answer is not None):
        return gone(request, context)
    form = replace(form_of_answer(context, target, language), secret=secret)
    score = parse_score(request.query_params.get("v"))
    return show_form(request, context, target, form if score is None else replace(form, score=score))


@router.post("/q/{code}")
async def answer_shared_survey(request: Request, code: str, context: OwnContext) -> Response:
    """Accept the form, as it grows or when it is sent; a form with faults comes back as it was filled in."""
    attempt((context.per_network, network_of(request)))
    fields = await request.form()
    async with context.database.reading() as uow:
        shared = await share_links.find_by_code(uow, code)
        if shared is None:
            return gone(request, context)
        own, target = await _target(uow, request, context, shared)
    languages = available_languages(target, context.pages)
    language = _language(context, target)
    form = read_form(fields, languages, language, target.questions)
    if own and own != form.secret:
        # This browser has answered on another page: it sees that, and nothing is written.
        return not_saved(409) if form.is_of_script else _seen_again(request, form, language)
    if form.action == "language":
        return show_form(request, context, target, form)
    faults = form.faults()
    keys = context.page_secrets.read(form.secret, shared.link.id)
    if keys is None or not context.nonce.is_valid(form.nonce, shared.link.id, context.database.clock()):
        faults.append("nonce")
    elif not faults and signs_against(request, context, target, form):
        faults.append("suspect")
        SHARED_ANSWERS.labels("suspect").inc()
    if faults or keys is None:
        return refuse(request, context, target, form, faults)
    async with context.invitation_locks.acquire(str(keys.answer_id)):
        return await _write(request, context, shared, form, keys)


async def _write(
    request: Request, context: CollectorContext, shared: SharedSurvey, form: SurveyForm, keys: AnswerKeys
) -> Response:
    """Write and publish what the form changes; who has pressed Send changes nothing any more."""
    tenant, language = shared.tenant.id, form.language
    async with context.database.transaction() as uow:
        # The answers by one link are written one after the other, so that its limits hold.
        link = await share_links.find(uow, tenant, shared.link.id, lock=True)
        known, last_write = await share_links.find_answer(uow, tenant, keys.answer_id)
        shared, today = shared._replace(link=link or shared.link), _today(shared, uow.now)
        target = shared_target(shared.link, shared.tenant, shared.survey, language, known, last_write)
        if known is None or known.state != "sent":
            if not _is_open(shared, today, has_begun=known is not None):
                SHARED_ANSWERS.labels("closed").inc()
                return not_saved(409) if form.is_of_script else gone(request, context)
            own = with_blank_answer(replace(target, page=form.page or None), keys.answer_id, uow.now)
            merged = merge(own, form.posted())
            if form.action == "send" and merged.conflicts:
                return refuse(request, context, target, form, ["conflict", *merged.conflicts])
            as_asked = with_filled_texts(own, language, context.pages, form.texts, form.replies)
            answer = answer_after(as_asked, merged.submitted, uow.now)
            if (
                answer is not None
                and answer.score is not None
                and not (merged.overtaken and form.action != "send")
            ):
                writer = sole_writer(answer, form.posted())
                await answers.put_answers(uow, tenant, [answer], writer, share_link_id=shared.link.id)
                uow.publish(ANSWERS, tenant, answer)
                if known is None:
                    SHARED_ANSWERS.labels("new").inc()
                before = known.score if known is not None else None
                await share_links.write_counts(uow, shared.link.counted(today, answer.score, before))
                own = replace(own, answer=answer, last_write=writer)
            target = own
            if form.is_of_script:
                return _remembered(request, context, saved(target, form, merged), shared, form)
    if form.is_of_script:
        return not_saved(409)
    if shared.link.one_per_device:
        return _remembered(request, context, _seen_again(request, form, language), shared, form)
    # Nothing of the answer is kept in this browser: its thanks are shown now, and the next one begins anew.
    answer = target.scored_answer
    assert answer is not None  # noqa: S101  (for the type checker: it was written now or before)
    page = thanks_page(context, target, answer, language, None, context.database.clock())
    return respond(request, context, page, target, language)


async def _target(
    uow: UnitOfWork, request: Request, context: CollectorContext, shared: SharedSurvey
) -> tuple[str, LinkTarget]:
    """What the link leads to in this browser: with the answer that it gave, and that answer's secret."""
    accepted = context.pages.language_of(request)
    target = shared_target(shared.link, shared.tenant, shared.survey, accepted)
    secret = request.cookies.get(COOKIE, "") if shared.link.one_per_device else ""
    keys = context.page_secrets.read(secret, shared.link.id) if secret else None
    if keys is None:
        return "", target
    answer, last_write = await share_links.find_answer(uow, shared.tenant.id, keys.answer_id)
    return (secret, replace(target, answer=answer, last_write=last_write)) if answer else ("", target)


def _language(context: CollectorContext, target: LinkTarget, wanted: str = "") -> str:
    languages = available_languages(target, context.pages)
    return wanted if wanted in languages else customer_language(target, languages)


def _today(shared: SharedSurvey, now: datetime) -> date:
    return now.astimezone(zone_of(shared.tenant.time_zone)).date()


def _is_open(shared: SharedSurvey, today: date, *, has_begun: bool) -> bool:
    """Whether an answer may be given now, or, by who has begun to, be finished."""
    if reason_not_to_share(shared.survey) is not None:
        return False
    return shared.link.state == "live" if has_begun else shared.link.takes_answers(today)


def _seen_again(request: Request, form: SurveyForm, language: str) -> Response:
    suffix = "" if form.language == language else f"?lang={form.language}"
    return RedirectResponse(f"{request.url.path}{suffix}", 303, headers=NOT_INDEXED)


def _remembered(
    request: Request, context: CollectorContext, response: Response, shared: SharedSurvey, form: SurveyForm
) -> Response:
    """The response with the cookie by which the browser is known to have answered by this link."""
    if shared.link.one_per_device:
        cookie: dict[str, Any] = {
            "max_age": int(COOKIE_LIFETIME.total_seconds()),
            "path": request.url.path,
            "secure": context.afterword.public_url.startswith("https:"),
            "httponly": True,
            "samesite": "lax",
        }
        response.set_cookie(COOKIE, form.secret, **cookie)
    return response
