"""``/v1/views/{view}/mail``: a saved view as mail every Monday, for whoever asks."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from services.scorer.context import OwnContext
from services.scorer.saved_views.mail_commands import MailRefused, gets_view_mail, set_view_mail
from services.scorer.saved_views.reading import find_readable, reader_of
from services.scorer.saved_views.view_commands import KeySavesNothing
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.values.messages import message

router = APIRouter(prefix="/v1/views", tags=["scores"], route_class=CheckedRoute)
MailCaller = Annotated[Caller, Depends(staff_or_key("scores:read"))]
ViewId = Annotated[UUID, Path(description="The view's id.")]


class ViewMailOut(BaseModel):
    """Whether a saved view comes as mail."""

    wanted: bool = Field(description="Whether whoever asks gets it every Monday; a key gets no mail.")


@router.get("/{view}/mail", summary="Whether a saved view comes every Monday")
async def read_mail(context: OwnContext, caller: MailCaller, view: ViewId) -> ViewMailOut:
    """Of one's own mail; what others get is theirs."""
    async with context.database.reading() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        await find_readable(uow, reader, view)
        return ViewMailOut(wanted=await gets_view_mail(uow, reader, view))


@router.put("/{view}/mail", summary="Get a saved view every Monday")
async def put_mail(context: OwnContext, caller: MailCaller, view: ViewId) -> ViewMailOut:
    """On Monday from eight, by the company's clock, with what the person may see then. Views of scores, one's
    own and those that others share; 20 at most. The same again changes nothing.
    """
    return await _set(context, caller, view, wanted=True)


@router.delete("/{view}/mail", summary="Get a saved view no more")
async def delete_mail(context: OwnContext, caller: MailCaller, view: ViewId) -> ViewMailOut:
    """The same again changes nothing."""
    return await _set(context, caller, view, wanted=False)


async def _set(context: OwnContext, caller: Caller, view: UUID, *, wanted: bool) -> ViewMailOut:
    try:
        async with context.database.transaction() as uow:
            reader = await reader_of(uow, caller.tenant, caller.staff)
            return ViewMailOut(wanted=await set_view_mail(uow, reader, view, wanted=wanted))
    except KeySavesNothing:
        raise Problem(422, message("A key is no person, and gets no mail.")) from None
    except MailRefused as refused:
        raise Problem(422, refused.remedy) from None
