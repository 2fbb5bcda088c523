"""``/v1/views``: saved views and their screens, for programs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response

from services.scorer.context import OwnContext
from services.scorer.saved_views.reading import find_readable, list_readable, reader_of, screens_of_view
from services.scorer.saved_views.schemas import (
    NewScreenOut,
    SavedViewBody,
    SavedViewList,
    SavedViewOut,
    ScreenBody,
    ScreenList,
    ScreenOut,
)
from services.scorer.saved_views.screen_commands import ScreenRefused, make_screen, revoke_screen
from services.scorer.saved_views.view_commands import (
    KeySavesNothing,
    ViewFaulty,
    ViewForeign,
    remove_view,
    save_view,
)
from shared.http.auth import Caller, staff_or_key
from shared.http.company_tokens import Token
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.ids import uuid7
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/views", tags=["scores"], route_class=CheckedRoute)
ViewsCaller = Annotated[Caller, Depends(staff_or_key("scores:read"))]
ViewId = Annotated[UUID, Path(description="The view's id: a UUID of your own.")]
ScreenId = Annotated[UUID, Path(description="The screen's id.")]


def screen_address(staff_url: str, token: Token) -> str:
    """The address of the page for a screen."""
    return f"{staff_url}/wall/{quote(str(token), safe='.%')}"


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ViewFaulty as faulty:
        raise Problem(422, errors=[faulty.fault]) from None
    except (ViewForeign, ScreenRefused):
        raise Problem(403) from None
    except KeySavesNothing:
        raise Problem(422, message("A key is no person, and saves no views.")) from None


@router.get("", summary="Saved views")
async def list_views(context: OwnContext, caller: ViewsCaller) -> SavedViewList:
    """Those of the person who asks, and those that others share of what they may see. A key is no person: it
    gets what is shared.
    """
    async with context.database.reading() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        return SavedViewList.of(await list_readable(uow, reader), reader)


@router.get("/{view}", summary="A saved view")
async def read_view(context: OwnContext, caller: ViewsCaller, view: ViewId) -> SavedViewOut:
    """One's own, or one that is shared."""
    async with context.database.reading() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        return SavedViewOut.of(await find_readable(uow, reader, view), reader)


@router.put("/{view}", summary="Save a view, or save it anew")
async def put_view(
    context: OwnContext, caller: ViewsCaller, view: ViewId, body: SavedViewBody
) -> SavedViewOut:
    """It is the person's own; a key can save none. A name stands once among a person's views."""
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        with _refusals():
            saved = await save_view(
                uow, reader, view, name=body.name, address=body.address, shared=body.shared
            )
        return SavedViewOut.of(saved, reader)


@router.delete("/{view}", status_code=204, summary="Remove a saved view", response_class=Response)
async def delete_view(context: OwnContext, caller: ViewsCaller, view: ViewId) -> Response:
    """With the screens that show it. An administrator of the whole company may remove what others share."""
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        with _refusals():
            removed = await remove_view(uow, reader, AuditActor.of(caller), view)
    if not removed:
        raise Problem(404)
    return Response(status_code=204)


@router.get("/{view}/screens", summary="The screens that show a saved view")
async def list_screens(context: OwnContext, caller: ViewsCaller, view: ViewId) -> ScreenList:
    """Of one's own view; of one that another shares there are none to be seen."""
    async with context.database.reading() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        found = await screens_of_view(uow, reader, await find_readable(uow, reader, view))
    return ScreenList(screens=[ScreenOut.of(screen) for screen in found])


@router.post("/{view}/screens", status_code=201, summary="Make a link for a screen")
async def post_screen(
    context: OwnContext, caller: ViewsCaller, view: ViewId, body: ScreenBody
) -> NewScreenOut:
    """Whoever has the link sees the figures of the view without signing in, as long as its maker may. Leaders
    and administrators make them, of their own views of scores. The address is told this once.
    """
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        with _refusals():
            made = await make_screen(
                uow, reader, AuditActor.of(caller), view, uuid7(), name=body.name, days=body.days
            )
    if made is None:
        raise Problem(404)
    address = screen_address(context.staff_url, made.token)
    return NewScreenOut(**ScreenOut.of(made.screen).model_dump(), address=address)


@router.delete(
    "/{view}/screens/{screen}",
    status_code=204,
    summary="Take back the link of a screen",
    response_class=Response,
)
async def delete_screen(context: OwnContext, caller: ViewsCaller, view: ViewId, screen: ScreenId) -> Response:
    """At once and for ever. The view's owner may, and an administrator of the whole company."""
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        removed = await revoke_screen(uow, reader, AuditActor.of(caller), view, screen)
    if not removed:
        raise Problem(404)
    return Response(status_code=204)
