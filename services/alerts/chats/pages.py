"""The settings pages of chat channels: all of them, and one with its messages."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.alerts.chats.api import root_of
from services.alerts.chats.chat_commands import ChatWanted, change, make, remove, try_out
from services.alerts.chats.forms import body_of_channel, form_of_channel
from services.alerts.chats.labels import DELETED_TEAM, DONE_LABELS, NO_CHANNEL
from services.alerts.chats.repository import channels, messages
from services.alerts.chats.schemas import ChatBody, ChatChange
from services.alerts.chats.views import ChannelChoices, ChannelLine, ChatPage, ChatsPage, PostedLine
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SettingKeyReused, SettingRefused
from services.alerts.staff.settings_frame import settings_frame
from services.alerts.teams.repository import team_names
from services.alerts.webhooks.forms import faults_by_field
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts, uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin, Staff
from shared.ids import uuid7
from shared.pages.language import native_name, spoken, translated
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(include_in_schema=False, prefix="/settings/chats", route_class=CheckedRoute)
Typed = Annotated[str, Query(max_length=40)]
PAGE_SIZE = 50
MADE_ALREADY = message("Another channel was made by this form already. Save it once more for one of its own.")


@router.get("")
async def show_chats(request: Request, staff: CompanyAdmin, context: OwnContext, did: Typed = "") -> Response:
    """All that the company has."""
    return await _list(request, staff, context, did=did)


@router.post("")
async def make_chat_by_form(
    request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Set up a channel; the form carries its id, so that it is made once."""
    form = await read_texts(request)
    channel_id = uuid_of(form.get("new_id", ""))
    try:
        wanted = ChatBody.model_validate({"address": "", **body_of_channel(form)}).wanted()
        async with context.database.transaction() as uow:
            who = AuditActor.of_staff(staff)
            await make(uow, root_of(context), staff.tenant, channel_id, wanted, who=who)
    except (ValidationError, SettingRefused) as error:
        return await _list(request, staff, context, form=form, faults=faults_by_field(error), status_code=422)
    except SettingKeyReused:
        faults = {"name": spoken(MADE_ALREADY)}
        return await _list(
            request, staff, context, form={**form, "new_id": ""}, faults=faults, status_code=409
        )
    return RedirectResponse(f"/settings/chats/{channel_id}?did=made", 303)


@router.get("/{chat_id}")
async def show_chat(
    chat_id: UUID,
    request: Request,
    staff: CompanyAdmin,
    context: OwnContext,
    did: Typed = "",
    before: Typed = "",
) -> Response:
    """One channel, with its messages."""
    return await _show(request, staff, context, chat_id, did=did, before=before)


@router.post("/{chat_id}")
async def change_chat_by_form(
    chat_id: UUID, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Save what was typed."""
    form = await read_texts(request)
    try:
        wanted = ChatChange.model_validate(body_of_channel(form)).wanted()
        await _change(context, staff, chat_id, wanted)
    except (ValidationError, SettingRefused) as error:
        faults = faults_by_field(error)
        return await _show(request, staff, context, chat_id, form=form, faults=faults, status_code=422)
    return RedirectResponse(f"/settings/chats/{chat_id}?did=saved", 303)


@router.post("/{chat_id}/state")
async def change_chat_state_by_form(
    chat_id: UUID, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Switch, try or delete a channel."""
    act = (await read_texts(request)).get("act", "")
    match act:
        case "on" | "off":
            await _change(context, staff, chat_id, ChatWanted(state="on" if act == "on" else "off"))
        case "test":
            async with context.database.transaction() as uow:
                if await try_out(uow, staff.tenant, chat_id) is None:
                    raise Problem(404, detail=NO_CHANNEL)
        case "delete":
            async with context.database.transaction() as uow:
                if not await remove(uow, staff.tenant, chat_id, who=AuditActor.of_staff(staff)):
                    raise Problem(404, detail=NO_CHANNEL)
            return RedirectResponse("/settings/chats?did=deleted", 303)
        case _:
            raise Problem(422)
    return RedirectResponse(f"/settings/chats/{chat_id}?did={act}", 303)


async def _change(context: AlertsContext, staff: Staff, chat_id: UUID, wanted: ChatWanted) -> None:
    async with context.database.transaction() as uow:
        who = AuditActor.of_staff(staff)
        if await change(uow, root_of(context), staff.tenant, chat_id, wanted, who=who) is None:
            raise Problem(404, detail=NO_CHANNEL)


async def _list(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    *,
    did: str = "",
    form: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        found = await channels.list_of(uow, staff.tenant)
        teams = await team_names(uow, staff.tenant)
        frame = await settings_frame(uow, staff)
    page = ChatsPage(
        lines=[ChannelLine.of(*each, teams) for each in found],
        new_id=(form or {}).get("new_id") or str(uuid7()),
        choices=_choices(context, teams),
        form=form or {"kind": "slack", "cases": "on", "deadlines": "on", "incidents": "on"},
        faults=faults or {},
        done=_done(did),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _show(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    chat_id: UUID,
    *,
    did: str = "",
    before: str = "",
    form: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    place: int | None = None
    with suppress(ValueError):
        place = int(before[:18])
    async with context.database.reading() as uow:
        found = await channels.list_of(uow, staff.tenant, chat_id)
        if not found:
            raise Problem(404, detail=NO_CHANNEL)
        posted = await messages.list_page(uow, staff.tenant, chat_id, before=place, limit=PAGE_SIZE + 1)
        teams = await team_names(uow, staff.tenant)
        frame = await settings_frame(uow, staff)
    page = ChatPage(
        line=ChannelLine.of(*found[0], teams),
        posted=[PostedLine.of(each) for each in posted[:PAGE_SIZE]],
        older=str(posted[PAGE_SIZE - 1].seq) if len(posted) > PAGE_SIZE else "",
        choices=_choices(context, teams, found[0][0].team_id),
        form=form if form is not None else form_of_channel(found[0][0]),
        faults=faults or {},
        done=_done(did),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


def _choices(
    context: AlertsContext, teams: Mapping[UUID, str], team_id: UUID | None = None
) -> ChannelChoices:
    """:param team_id: of the channel: it stays when another field is changed, though its team was deleted."""
    gone = [] if team_id is None or team_id in teams else [(str(team_id), spoken(DELETED_TEAM))]
    return ChannelChoices(
        teams=[("", translated("All teams")), *((str(key), name) for key, name in teams.items()), *gone],
        languages=[
            ("", translated("As the company")),
            *((tag, native_name(tag)) for tag in sorted(context.pages.languages)),
        ],
    )


def _done(did: str) -> str:
    return spoken(DONE_LABELS[did]) if did in DONE_LABELS else ""
