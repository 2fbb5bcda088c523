"""The staff pages of share links: those of a survey, a new one, and one with its QR code to print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.collector.context import CollectorContext, OwnContext
from services.collector.repository import share_links
from services.collector.share_api import found_link, qr_response
from services.collector.share_commands import (
    ShareKeyReused,
    ShareRefused,
    change_link,
    make_link,
)
from services.collector.share_schemas import ShareLinkBody, share_url
from services.collector.sharing import ShareLink, group_sizes, reason_not_to_share
from shared.events import Answer, Survey
from shared.events.nps import Group
from shared.http.csrf import CsrfChecked
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
from shared.http.form_texts import read_texts, uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.http.validation_errors import faults_by_name, faults_of_body
from shared.ids import uuid7
from shared.pages.language import spoken
from shared.pages.page import Frame, Page
from shared.permissions import ANSWER_ROLES, EDITING_ROLES
from shared.privacy.audit import AuditActor
from shared.tenancy.tenants import find_tenant
from shared.values.messages import Message, message

router = APIRouter(include_in_schema=False, prefix="/share-links", route_class=CheckedRoute)
Editor = Annotated[Staff, Depends(signed_in(*EDITING_ROLES, whole_company=True))]
MAX_LISTED = 200
COMMENTS_PER_PAGE = 50
STATE_LABELS = {
    "live": message("Takes answers"),
    "paused": message("Paused"),
    "ended": message("Ended"),
}
ACTS = {"pause": "paused", "resume": "live", "end": "ended"}
DONE_LABELS = {
    "made": message("The link is made. Print its code, or copy the address."),
    "pause": message("The link is paused."),
    "resume": message("The link takes answers again."),
    "end": message("The link has ended."),
}
FIELD_LABELS = {
    "name": message("Name of the place"),
    "store": message("Store"),
    "touchpoint": message("Touchpoint"),
    "per_day": message("Answers a day at most"),
    "in_all": message("Answers in all at most"),
    "one_per_device": message("Answers of one device"),
}
MADE_ALREADY = message("Another link was made by this form already. Make it once more for one of its own.")
_PLACE_FIELDS = ("store", "touchpoint")


@dataclass(frozen=True, kw_only=True)
class ShareLinksPage(Page):
    """The share links of one survey, and the form of another one."""

    template: ClassVar[str] = "share_links.html"
    survey_id: str
    survey_name: str
    not_now: Message | None
    """Why no link of it can be made; None: one can."""
    links: Sequence[tuple[ShareLink, str]]
    """Each with its state in words."""
    new_id: str
    form: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Message] = field(default_factory=lambda: FIELD_LABELS)


@dataclass(frozen=True, kw_only=True)
class ShareLinkPage(Page):
    """One link: its code to print, how many have answered, and the buttons that pause and end it."""

    template: ClassVar[str] = "share_link.html"
    link: ShareLink
    survey_name: str
    url: str
    company: str
    state: str
    sizes: Mapping[Group, int]
    comments: Sequence[Answer] | None
    """The newest answers with words; None: the reader reads no single answers."""
    before: str
    more: str | None
    """The cursor of the next page of comments."""
    done: str


@router.get("")
async def show_share_links(
    request: Request, staff: Editor, context: OwnContext, survey: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """The links of a survey, and the form of a new one."""
    return await _list_page(request, staff, context, uuid_of(survey))


@router.post("")
async def make_share_link(request: Request, staff: Editor, _: CsrfChecked, context: OwnContext) -> Response:
    """Make a link; the form carries its id, so that it is made once however often it is posted."""
    form = await read_texts(request)
    survey_id, link_id = uuid_of(form.get("survey", "")), uuid_of(form.get("new_id", ""))
    try:
        body = ShareLinkBody.model_validate(_body(form, survey_id))
        wanted = body.model_dump(exclude={"survey_id"})
        async with context.database.transaction() as uow:
            who = AuditActor.of_staff(staff)
            link = await make_link(uow, staff.tenant, link_id, survey_id, who=who, **wanted)
    except ValidationError as error:
        faults = {name: spoken(words) for name, words in faults_by_name(faults_of_body(error)).items()}
        if "segments" in faults:
            faults["store"] = faults["segments"]
        return await _list_page(request, staff, context, survey_id, form, faults, 422)
    except ShareRefused as refused:
        faults = {refused.field: spoken(refused.remedy)}
        return await _list_page(request, staff, context, survey_id, form, faults, 422)
    except ShareKeyReused:
        again = {**form, "new_id": ""}
        return await _list_page(
            request, staff, context, survey_id, again, {"name": spoken(MADE_ALREADY)}, 409
        )
    return RedirectResponse(f"/share-links/{link.id}?did=made", 303)


@router.get("/{link_id}")
async def show_share_link(
    link_id: UUID,
    request: Request,
    staff: Editor,
    context: OwnContext,
    did: Annotated[str, Query(max_length=40)] = "",
    before: Annotated[str, Query(max_length=MAX_CURSOR_LENGTH)] = "",
) -> Response:
    """One link with its code, and what was written by it, for who reads single answers."""
    link = await found_link(context, staff.tenant, link_id)
    comments, more = None, None
    if staff.role in ANSWER_ROLES:
        async with context.database.reading() as uow:
            found = await share_links.list_comments(
                uow,
                staff.tenant,
                link_id,
                allowed=staff.segments,
                before=decode_cursor(before, "before"),
                limit=COMMENTS_PER_PAGE + 1,
            )
        comments, more = cut_page(
            found, COMMENTS_PER_PAGE, lambda one: (one.answered_at or one.changed_at, one.id)
        )
    frame, surveys = await _frame(context, staff)
    page = ShareLinkPage(
        link=link,
        survey_name=surveys[link.survey_id].name if link.survey_id in surveys else "",
        url=share_url(link, context.afterword.public_url),
        company=frame.company,
        state=spoken(STATE_LABELS[link.state]),
        sizes=group_sizes(link.scores),
        comments=comments,
        before=before,
        more=more,
        done=spoken(DONE_LABELS[did]) if did in DONE_LABELS else "",
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.post("/{link_id}")
async def change_share_link(
    link_id: UUID, request: Request, staff: Editor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Pause, resume or end a link."""
    act = (await read_texts(request)).get("act", "")
    if act not in ACTS:
        raise Problem(422)
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of_staff(staff)
            link = await change_link(uow, staff.tenant, link_id, who=who, state=ACTS[act])
    except ShareRefused as refused:
        raise Problem(409, detail=refused.remedy) from None
    if link is None:
        raise Problem(404)
    return RedirectResponse(f"/share-links/{link_id}?did={act}", 303)


@router.get("/{link_id}/qr.{kind}")
async def show_qr_code(link_id: UUID, kind: str, staff: Editor, context: OwnContext) -> Response:
    """The code of a link, to be shown and to be downloaded."""
    if kind not in {"svg", "png"}:
        raise Problem(404)
    return qr_response(context, await found_link(context, staff.tenant, link_id), kind)


async def _list_page(
    request: Request,
    staff: Staff,
    context: CollectorContext,
    survey_id: UUID,
    form: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    frame, surveys = await _frame(context, staff)
    if survey_id not in surveys:
        raise Problem(404)
    async with context.database.reading() as uow:
        links = await share_links.list_links(uow, staff.tenant, survey_id, limit=MAX_LISTED)
    survey = surveys[survey_id]
    page = ShareLinksPage(
        survey_id=str(survey_id),
        survey_name=survey.name,
        not_now=reason_not_to_share(survey),
        links=[(link, spoken(STATE_LABELS[link.state])) for link in links],
        new_id=(form or {}).get("new_id") or str(uuid7()),
        form=form or {"one_per_device": "yes"},
        faults=faults or {},
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _frame(context: CollectorContext, staff: Staff) -> tuple[Frame, dict[UUID, Survey]]:
    """The frame of the company's pages, and its surveys by id."""
    async with context.database.reading() as uow:
        tenant = await find_tenant(uow, staff.tenant)
        surveys = await share_links.newest_surveys(uow, staff.tenant)
    frame = Frame(
        company=tenant.name if tenant else staff.tenant,
        here="surveys",
        time_zone=tenant.time_zone if tenant else None,
    )
    return frame, {survey.id: survey for survey in surveys}


def _body(form: Mapping[str, str], survey_id: UUID) -> dict[str, Any]:
    """The body that the API would get."""
    segments = {name: form[name] for name in _PLACE_FIELDS if form.get(name, "").strip()}
    limits = {name: form[name].strip() for name in ("per_day", "in_all") if form.get(name, "").strip()}
    return {
        "survey_id": survey_id,
        "name": form.get("name", ""),
        "segments": segments,
        "one_per_device": form.get("one_per_device", "yes") != "no",
        **limits,
    }
