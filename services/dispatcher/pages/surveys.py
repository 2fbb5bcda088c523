"""Surveys: listed, made, changed, started and paused, and the mail that a customer would read."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from services.dispatcher import surveys
from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.domain import matches
from services.dispatcher.grounds import type_of
from services.dispatcher.letters import Drawn
from services.dispatcher.pages.forms import (
    LABELS,
    UNITS,
    WORDS,
    Filled,
    blank,
    filled,
    form_of,
    language_name,
)
from services.dispatcher.pages.house import Checked, Editor, Reader, page, surround_of
from services.dispatcher.pages.overview import draw_overview
from services.dispatcher.pages.preview import sample
from services.dispatcher.repository import sending as sending_rows
from services.dispatcher.repository import stories
from services.dispatcher.schemas import SurveyBody
from services.dispatcher.wording import SPOKEN
from services.dispatcher.words import DONE
from shared.db import UnitOfWork
from shared.events import SurveyTexts, Tenant
from shared.events.placeholders import PLACEHOLDERS
from shared.events.surveys import Measurement
from shared.http.middleware import CSP
from shared.http.numbers import whole_number
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.ids import uuid7
from shared.permissions import EDITING_ROLES
from shared.values.text import normalized_text

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)
Did = Annotated[str, Query(max_length=40)]
LATELY = timedelta(days=7)
MOST_EVENTS = 2_000
"""Of the last days' events so many, the newest, are looked at to say how many a survey would ask about."""
MOST_COUNTED = 10_001
# A mail brings its own styles and nothing else: no script, no picture, no form.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'; sandbox"
)


@router.get("")
async def list_surveys(request: Request, staff: Reader, context: OwnContext, did: Did = "") -> Response:
    """All surveys in their order, and how the company sends."""
    return await draw_overview(request, staff, context, did=did)


@router.get("/new")
async def new_survey(request: Request, staff: Editor, context: OwnContext) -> Response:
    """An empty form."""
    return await _form(request, staff, context, None, blank())


@router.post("/new")
async def make_survey(request: Request, staff: Editor, _: Checked, context: OwnContext) -> Response:
    """Make it, or show what is wrong with it. It asks nobody until somebody starts it."""
    typed = await filled(request)
    try:
        draft = SurveyBody.model_validate(typed.values()).draft()
    except ValidationError as error:
        return await _form(request, staff, context, None, typed.with_faults(error), status_code=422)
    async with context.database.transaction() as uow:
        made = await surveys.create(uow, staff.tenant, uuid7(), draft)
    return RedirectResponse(f"/surveys/{made.id}?did=made", 303)


@router.get("/{survey_id}")
async def show_survey(
    survey_id: str, request: Request, staff: Reader, context: OwnContext, did: Did = ""
) -> Response:
    """One survey: to be read, and by an editor to be changed."""
    async with context.database.reading() as uow:
        survey = await _found(uow, staff, survey_id)
    return await _form(request, staff, context, survey, form_of(survey), did=did)


@router.post("/{survey_id}")
async def change_survey(
    survey_id: str, request: Request, staff: Editor, _: Checked, context: OwnContext
) -> Response:
    """Make it so, or show what is wrong, or that somebody was faster; what was typed stays."""
    typed = await filled(request)
    async with context.database.transaction() as uow:
        now = await _found(uow, staff, survey_id, lock=True)
        typed = typed.over(now)
        if typed.seen != now.version:
            return await _form(request, staff, context, now, typed.overtaken(now), status_code=409)
        try:
            draft = SurveyBody.model_validate({**typed.values(), "state": now.draft.state}).draft()
        except ValidationError as error:
            return await _form(request, staff, context, now, typed.with_faults(error), status_code=422)
        await surveys.change(uow, staff.tenant, now.id, draft)
    return RedirectResponse(f"/surveys/{now.id}?did=saved", 303)


@router.get("/{survey_id}/start")
async def ask_to_start(survey_id: str, request: Request, staff: Editor, context: OwnContext) -> Response:
    """What the survey will do, and the button."""
    return await _ask(request, staff, context, survey_id, "live")


@router.post("/{survey_id}/start")
async def start_survey(
    survey_id: str, request: Request, staff: Editor, _: Checked, context: OwnContext
) -> Response:
    """From the next event on it asks."""
    return await _turn(request, staff, context, survey_id, "live")


@router.get("/{survey_id}/pause")
async def ask_to_pause(survey_id: str, request: Request, staff: Editor, context: OwnContext) -> Response:
    """What becomes of what waits, and the button."""
    return await _ask(request, staff, context, survey_id, "paused")


@router.post("/{survey_id}/pause")
async def pause_survey(
    survey_id: str, request: Request, staff: Editor, _: Checked, context: OwnContext
) -> Response:
    """It asks nobody from now on."""
    return await _turn(request, staff, context, survey_id, "paused")


@router.get("/{survey_id}/preview")
async def show_preview(
    survey_id: str,
    request: Request,
    staff: Reader,
    context: OwnContext,
    language: Annotated[str, Query(max_length=20)] = "en",
) -> Response:
    """The mail beside its subject, its text part, the other languages, and a way back."""
    async with context.database.reading() as uow:
        survey = await _found(uow, staff, survey_id)
        surround = await surround_of(uow, staff)
    shown = page(
        context,
        request,
        "preview.html",
        staff,
        surround,
        here="surveys",
        survey=survey,
        language=language,
        languages=[*SPOKEN, *sorted(set(survey.draft.texts) - set(SPOKEN))],
        language_name=language_name,
        mail=_drawn(context, survey, surround.tenant, language),
    )
    shown.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return shown


@router.get("/{survey_id}/mail")
async def show_mail(
    survey_id: str,
    staff: Reader,
    context: OwnContext,
    language: Annotated[str, Query(max_length=20)] = "en",
) -> Response:
    """The mail as a customer would get it, with links that lead nowhere; framed by our own pages alone."""
    async with context.database.reading() as uow:
        survey = await _found(uow, staff, survey_id)
        surround = await surround_of(uow, staff)
    headers = {"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(_drawn(context, survey, surround.tenant, language).html, headers=headers)


def _drawn(context: DispatcherContext, survey: surveys.Survey, tenant: Tenant, language: str) -> Drawn:
    texts = survey.draft.texts.get(language, SurveyTexts())
    return context.scribe.draw(sample(survey, language, context.database.clock()), tenant, texts)


async def _found(uow: UnitOfWork, staff: Staff, survey_id: str, *, lock: bool = False) -> surveys.Survey:
    try:
        found = surveys.hold if lock else surveys.find
        return await found(uow, staff.tenant, UUID(survey_id))
    except (ValueError, surveys.NoSuchSurvey):
        raise Problem(404) from None


async def _turn(
    request: Request, staff: Staff, context: DispatcherContext, survey_id: str, state: surveys.State
) -> Response:
    """Start or pause it as the page showed it; where somebody changed it since, the page is shown again."""
    version = (await request.form()).get("version")
    seen = whole_number(version) if isinstance(version, str) else None
    async with context.database.transaction() as uow:
        now = await _found(uow, staff, survey_id, lock=True)
        if seen == now.version:
            draft = msgspec.structs.replace(now.draft, state=state)
            await surveys.change(uow, staff.tenant, now.id, draft)
    if seen != now.version:
        return await _ask(request, staff, context, survey_id, state, stale=True)
    did = "started" if state == "live" else "paused"
    return RedirectResponse(f"/surveys/{now.id}?did={did}", 303)


async def _ask(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    survey_id: str,
    state: surveys.State,
    *,
    stale: bool = False,
) -> Response:
    """The page that says what starting or pausing does, or the survey where it is so already."""
    async with context.database.reading() as uow:
        survey = await _found(uow, staff, survey_id)
        if survey.draft.state == state:
            return RedirectResponse(f"/surveys/{survey.id}?did=already", 303)
        surround = await surround_of(uow, staff)
        waiting = await sending_rows.waiting(uow, staff.tenant, staff.segments, MOST_COUNTED, survey.id)
        newest = await stories.newest_facts(
            uow, staff.tenant, staff.segments, since=uow.now - LATELY, most=MOST_EVENTS
        )
    types = [type_of(facts) for facts in newest]
    trigger = normalized_text(survey.draft.trigger)
    return page(
        context,
        request,
        "survey_state.html",
        staff,
        surround,
        here="surveys",
        status_code=409 if stale else 200,
        survey=survey,
        state=state,
        stale=stale,
        waiting=waiting,
        most=MOST_COUNTED - 1,
        of=len(types),
        all_counted=len(types) < MOST_EVENTS,
        matching=sum(matches(trigger, event_type) for event_type in types),
        lately=LATELY.days,
    )


async def _form(
    request: Request, staff: Staff, context: DispatcherContext, survey: surveys.Survey | None, form: Filled,
    *,
    did: str = "", status_code: int = 200,
) -> Response:  # fmt: skip
    async with context.database.reading() as uow:
        surround = await surround_of(uow, staff)
    measurement: Measurement = "relational" if form["measurement"] == "relational" else "transactional"
    languages = [*SPOKEN, *sorted(form.languages - set(SPOKEN))]
    return page(
        context,
        request,
        "survey.html",
        staff,
        surround,
        here="surveys",
        status_code=status_code,
        survey=survey,
        form=form,
        languages=languages,
        placeholders=PLACEHOLDERS,
        labels=LABELS,
        words=WORDS,
        units=[(unit, unit.capitalize()) for unit in UNITS],
        language_name=language_name,
        standard={
            tag: context.scribe.standard(tag, surround.tenant, measurement, form["trigger"])
            for tag in languages
        },
        done=DONE.get(did, ""),
        may_edit=staff.role in EDITING_ROLES,
    )
