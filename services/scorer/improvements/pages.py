"""``/actions``: the actions of improvement of a company, and each of them."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.scorer.context import OwnContext, ScorerContext
from services.scorer.improvements import labels, repository, views
from services.scorer.improvements.acting import carry_out
from services.scorer.improvements.api import MAX_FILTER_CHARS, decode_place, encode_place
from services.scorer.improvements.figures import selection_of
from services.scorer.improvements.forms import ImprovementForm, faults_by_field
from services.scorer.improvements.improvement_commands import (
    ImprovementFaulty,
    ImprovementRefused,
    ImprovementStale,
    save_improvement,
)
from services.scorer.improvements.page_context import owners_offered, reader_and_frame
from services.scorer.improvements.published_texts import published_text
from services.scorer.improvements.reading import (
    ImprovementReader,
    ReadImprovement,
    list_readable,
    read_causes,
    read_improvement,
    reader_of,
)
from services.scorer.improvements.repository import ImprovementFilter
from services.scorer.windows import Window
from shared.db.database import UnitOfWork
from shared.events import Improvement
from shared.http.csrf import CsrfChecked
from shared.http.cursors import MAX_CURSOR_LENGTH
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.http.validation_errors import faults_of_body
from shared.pages.language import spoken, translated
from shared.permissions import ASSIGNING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import Message, message

router = APIRouter(prefix="/actions", include_in_schema=False, route_class=CheckedRoute)
ImprovementPageReader = Annotated[Staff, Depends(signed_in())]
ImprovementPageWriter = Annotated[Staff, Depends(signed_in(*ASSIGNING_ROLES))]
Filter = Annotated[str, Query(max_length=MAX_FILTER_CHARS)]
PAGE_SIZE = 50
COUNTED_CASE_DAYS = 1_095
"""Customers of cases that were closed in so many days are counted beside what is published."""
CONFIRMATIONS = {
    "opened": message("The action is open. Its figures of today are kept with it."),
    "save": message("Saved."),
    "accept": message("The action is accepted."),
    "begin": message("The work has begun: the days before it are those that count as before."),
    "finish": message("It is done. From tomorrow on the days after it are compared."),
    "drop": message("The action is dropped."),
    "reopen": message("The action is open again."),
    "publish": message("Published: this is what customers are told."),
}
CHANGED = message("Not done: somebody changed this action meanwhile. This is how it stands now.")


@router.get("")
async def show_actions(
    request: Request,
    staff: ImprovementPageReader,
    context: OwnContext,
    show: Filter = "open",
    owner: Filter = "",
    theme: Filter = "",
    after: Annotated[str, Query(max_length=MAX_CURSOR_LENGTH)] = "",
) -> Response:
    """Those that the reader may see; of open ones those that are late come first."""
    if show not in views.STATUSES_BY_LIST:
        raise Problem(404)
    async with context.database.reading() as uow:
        reader, frame = await reader_and_frame(uow, staff)
        only = ImprovementFilter(
            statuses=views.STATUSES_BY_LIST[show],
            owner=owner if reader.shows_names else "",
            theme=theme,
            late=show == "late",
            latest_first=show in {"done", "dropped"},
        )
        found, place = await list_readable(uow, reader, only, decode_place(after), PAGE_SIZE)
        causes = await read_causes(uow, reader)
        owners = await owners_offered(uow, reader) if reader.shows_names else []
    if only.owner and only.owner not in owners:
        owners.append(only.owner)
    following = {"show": show, "owner": only.owner, "theme": theme, "after": encode_place(place) or ""}
    themes = views.theme_options()
    page = views.ActionsPage(
        heading=views.list_heading(show, len(found), is_part=place is not None or bool(after)),
        lines=[views.line_of(ReadImprovement(kept=one, result=None), reader) for one in found],
        show=show,
        show_options=views.show_options(),
        owner=only.owner,
        owner_options=[("", translated("anybody")), *((name, name) for name in owners)] if owners else [],
        theme=theme,
        theme_options=themes if theme in dict(themes) else [*themes, (theme, theme)],
        causes=views.cause_lines(causes),
        may_write=staff.role in ASSIGNING_ROLES,
        next_href=f"/actions?{urlencode(following)}" if place is not None else "",
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.get("/{action}")
async def show_action(
    action: UUID, request: Request, staff: ImprovementPageReader, context: OwnContext, did: Filter = ""
) -> Response:
    """One action."""
    return await _show(request, staff, context, action, confirmation=spoken(CONFIRMATIONS.get(did, "")))


@router.post("/{action}")
async def change_action(
    action: UUID,
    request: Request,
    staff: ImprovementPageWriter,
    _: CsrfChecked,
    context: OwnContext,
    form: Annotated[ImprovementForm, Form()],
) -> Response:
    """Change an action, move it, or publish what customers are told; what is refused stays as typed."""
    faults: dict[str, str] = {}
    refusal: Message | None = None
    try:
        faults = await _act(context, staff, action, form)
    except ValidationError as error:
        faults = faults_by_field(faults_of_body(error))
    except ImprovementFaulty as error:
        faults = faults_by_field(error.faults)
    except ImprovementRefused as error:
        refusal = error.reason
    except ImprovementStale:
        refusal = CHANGED
    if faults:
        return await _show(request, staff, context, action, form=form, faults=faults, status_code=422)
    if refusal is not None:
        return await _show(request, staff, context, action, refusal=spoken(refusal), status_code=409)
    return RedirectResponse(f"/actions/{action}?did={form.act}", 303)


async def _act(context: ScorerContext, staff: Staff, key: UUID, form: ImprovementForm) -> dict[str, str]:
    """Do what the button says; what is wrong with the form by field."""
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, staff.tenant, staff)
        known = (await read_improvement(uow, reader, key)).kept.improvement
        who = AuditActor.of_staff(staff)
        match form.act:
            case "":
                raise Problem(422)
            case "save":
                return await _save(uow, reader, who, known, form)
            case act:
                move = form.move(act, known.texts)
                await carry_out(uow, reader.tenant, reader.access, who, key, move)
    return {}


async def _save(
    uow: UnitOfWork, reader: ImprovementReader, who: AuditActor, known: Improvement, form: ImprovementForm
) -> dict[str, str]:
    """Save what the form changes of an action. What it is about is not in the form."""
    about = {"cause": known.cause or "", "theme": known.theme or "", "segment": known.segment}
    body, faults = form.model_copy(update={**about, "measurement": known.measurement}).body()
    if body is not None:
        draft = body.draft(known.segment)
        await save_improvement(uow, reader.tenant, reader.access, who, known.id, draft, body.version)
    return faults


async def _show(
    request: Request,
    staff: Staff,
    context: ScorerContext,
    key: UUID,
    *,
    form: ImprovementForm | None = None,
    faults: dict[str, str] | None = None,
    refusal: str = "",
    confirmation: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        reader, frame = await reader_and_frame(uow, staff)
        read = await read_improvement(uow, reader, key)
        one, may_write = read.kept.improvement, staff.role in ASSIGNING_ROLES
        case_count = await _case_count(uow, reader, one) if one.status == "done" and one.cause else ""
        owners = await owners_offered(uow, reader) if may_write else []
    page = views.action_page(
        read,
        reader,
        texts=[published_text(context.pages, language, text) for language, text in one.texts.items()],
        case_count=case_count,
        owners=owners,
        may_write=may_write,
        administers=staff.administers_company,
        form=form,
        faults=faults or {},
        refusal=refusal,
        confirmation=confirmation,
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _case_count(uow: UnitOfWork, reader: ImprovementReader, one: Improvement) -> str:
    """How many closed cases have the cause."""
    window = Window.ending(reader.today, COUNTED_CASE_DAYS)
    selection, bounds = selection_of(reader.tenant.id, one.segment), window.bounds(reader.tenant.time_zone)
    return labels.case_count(await repository.count_closed(uow, selection, one.cause or "", *bounds))
