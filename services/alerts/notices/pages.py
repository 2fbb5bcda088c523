"""The page on which a person chooses what they are told, and switches browsers on."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.alerts.calendars.views import day_options
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import StaleForm
from services.alerts.notices.forms import body_of, faults_by_field, form_of
from services.alerts.notices.labels import CONFIRMATIONS, MAIL_TIMES, PUSH_TIMES, TOPIC_LABELS
from services.alerts.notices.notice_commands import (
    TooManyBrowsers,
    choices_fingerprint,
    save_choices,
    switch_on,
    try_browser,
)
from services.alerts.notices.recipients import read_choices
from services.alerts.notices.repository import choices, push_subscriptions
from services.alerts.notices.schemas import NoticesBody
from services.alerts.notices.topics import DIGEST_TOPICS, NOTICE_TOPICS
from services.alerts.notices.views import BrowserLine, NoticesPage, TopicLine, chosen_topics, notices_finding
from services.alerts.staff.devices import device_of
from services.alerts.staff.labels import device_label
from services.alerts.staff.repository import people
from services.alerts.staff.sessions import session_id
from services.alerts.staff.settings_frame import settings_frame
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts, uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.outbound.web_push import BadSubscription, PushSubscription
from shared.pages.language import spoken, translated
from shared.values.messages import message
from shared.values.zones import zone_names

router = APIRouter(prefix="/settings/notices", include_in_schema=False, route_class=CheckedRoute)
SignedIn = Annotated[Staff, Depends(signed_in())]
Did = Annotated[str, Query(max_length=40)]
CHANGED = message("Not saved: this was changed elsewhere meanwhile. This is how it stands now.")
NO_SUBSCRIPTION = message("Your browser gave no address to which messages can go. Try again.")
TOO_MANY_BROWSERS = message("Ten browsers show you messages already. Remove one of them first.")


@router.get("")
async def show_notices(request: Request, staff: SignedIn, context: OwnContext, did: Did = "") -> Response:
    """What the reader is told."""
    return await _show(request, staff, context, did=did)


@router.post("")
async def change_notices(request: Request, staff: SignedIn, _: CsrfChecked, context: OwnContext) -> Response:
    """Save the choices, switch this browser on, remove one, or send a test to it."""
    form = await read_texts(request)
    match form.get("act"):
        case "save":
            return await _save(request, staff, context, form)
        case "on":
            return await _switch_on(request, staff, context, form)
        case "off" | "test" as act:
            browser = uuid_of(form.get("browser", ""))
            async with context.database.transaction() as uow:
                do = push_subscriptions.remove if act == "off" else try_browser
                if not await do(uow, staff.tenant, staff.id, browser):
                    raise Problem(404)
            return _done(act)
    raise Problem(422)


async def _save(request: Request, staff: Staff, context: AlertsContext, form: Mapping[str, str]) -> Response:
    try:
        body = NoticesBody.model_validate(body_of(form))
    except ValidationError as error:
        faults = faults_by_field(error)
        return await _show(request, staff, context, form=form, faults=faults, status_code=422)
    try:
        async with context.database.transaction() as uow:
            seen = form.get("drawn", "")
            await save_choices(uow, staff.tenant, staff.id, body.choices(), mail=body.mail, seen=seen or None)
    except StaleForm:
        return await _show(request, staff, context, refusal=spoken(CHANGED), status_code=409)
    return _done("saved")


async def _switch_on(
    request: Request, staff: Staff, context: AlertsContext, form: Mapping[str, str]
) -> Response:
    subscription = PushSubscription(
        endpoint=form.get("endpoint", ""), p256dh=form.get("p256dh", ""), auth=form.get("auth", "")
    )
    device = device_of(request.headers.get("user-agent", ""))
    session = session_id(staff)
    try:
        async with context.database.transaction() as uow:
            await switch_on(uow, context.secret, staff.tenant, staff.id, session, subscription, device)
    except BadSubscription:
        return await _show(request, staff, context, refusal=spoken(NO_SUBSCRIPTION), status_code=422)
    except TooManyBrowsers:
        return await _show(request, staff, context, refusal=spoken(TOO_MANY_BROWSERS), status_code=422)
    return _done("on")


def _done(act: str) -> Response:
    return RedirectResponse(f"/settings/notices?did={act}", 303)


async def _show(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    *,
    did: str = "",
    form: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    refusal: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        frame = await settings_frame(uow, staff)
        me: Any = await people.find_person(uow, staff.tenant, staff.id)
        chosen = read_choices(await choices.find(uow, staff.tenant, staff.id))
        browsers = await push_subscriptions.of_person(uow, staff.tenant, staff.id)
    mail = me.wants_mail
    page = NoticesPage(
        finding=notices_finding(chosen_topics(chosen, mail=mail, browsers=len(browsers))),
        topics=[
            TopicLine(
                name=topic,
                label=spoken(TOPIC_LABELS[topic][0]),
                what=spoken(TOPIC_LABELS[topic][1]),
                mail_times=[
                    (when, spoken(words))
                    for when, words in MAIL_TIMES.items()
                    if when != "digest" or topic in DIGEST_TOPICS
                ],
            )
            for topic in NOTICE_TOPICS
        ],
        push_times=[(when, spoken(words)) for when, words in PUSH_TIMES.items()],
        zones=[("", translated("Of the company")), *((zone, zone) for zone in sorted(zone_names()))],
        days=day_options(),
        browsers=[
            BrowserLine(
                id=one.id,
                device=one.device,
                since=one.created_at,
                taken_at=one.taken_at,
                here=one.session_id == session_id(staff),
            )
            for one in browsers
        ],
        device_label=device_label,
        push_key=context.push_key,
        drawn=form.get("drawn", "") if form is not None else choices_fingerprint(chosen, mail=mail),
        form=form if form is not None else form_of(chosen, mail=mail),
        faults=faults or {},
        refusal=refusal,
        done=spoken(CONFIRMATIONS.get(did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
