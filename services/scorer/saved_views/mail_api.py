"""``/v1/views/{view}/mail``: a saved view as mail every Monday, for whoever asks."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from services.scorer.context import OwnContext
from services.scorer.saved_views.mail_commands import MailRefused, gets_view_mail_since, set_view_mail
from services.scorer.saved_views.mail_history import ask_mail_history
from services.scorer.saved_views.reading import find_readable, reader_of
from services.scorer.saved_views.view_commands import KeySavesNothing
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.audit import AuditActor
from shared.privacy.view_mails import ViewMailHistory, ViewMailOutcome, ViewMailWeekState
from shared.values.messages import message

router = APIRouter(prefix="/v1/views", tags=["scores"], route_class=CheckedRoute)
MailCaller = Annotated[Caller, Depends(staff_or_key("scores:read"))]
ViewId = Annotated[UUID, Path(description="The view's id.")]


class ViewMailOut(BaseModel):
    """Whether a saved view comes as mail."""

    wanted: bool = Field(description="Whether whoever asks gets it every Monday; a key gets no mail.")


class OwnMailOut(BaseModel):
    """The newest mail of the view to whoever asks."""

    monday: date = Field(description="Of which week.")
    outcome: ViewMailOutcome = Field(
        description="`waiting`: it is on its way; `quiet`: it waits for the end of quiet hours; `refused`: "
        "by the mailbox; `withdrawn`: access or choices had changed; `unknown`: the connection broke while "
        "it was sent; `no_mail`: its reader wants no mail; `not_shown`: they could not see what it shows."
    )
    at: datetime = Field(description="When it ended; of `waiting` and `quiet`, when it is to leave.")


class LeftMailsOut(BaseModel):
    """The newest week in which a mail of the view left."""

    monday: date
    people: int = Field(description="To how many.")
    at: datetime = Field(description="When the last of them did.")


class MailWeekOut(BaseModel):
    """The newest week of the company's mails."""

    monday: date
    state: ViewMailWeekState = Field(
        description="`open`: not all are written yet; `missed`: those that were not written are left out."
    )
    until: datetime = Field(description="So long it is tried to write them.")


class ViewMailStateOut(ViewMailOut):
    """Whether a saved view comes as mail, and what became of its mails."""

    known: bool = Field(description="Whether what follows is known; false: ask again in a minute.")
    own: OwnMailOut | None = Field(description="null: none was due yet, or a key asks.")
    left: LeftMailsOut | None = Field(description="null: none has left.")
    week: MailWeekOut | None = Field(description="null: there was no Monday yet.")
    next_at: datetime | None = Field(description="When mails are written next, for whoever wants them then.")

    @classmethod
    def of(cls, history: ViewMailHistory | None, *, wanted: bool) -> Self:
        """As it is answered."""
        known = history is not None
        told = history or ViewMailHistory(own=None, left=None, week=None, next_at=None)
        return cls.model_validate({"wanted": wanted, "known": known, **msgspec.to_builtins(told)})


@router.get("/{view}/mail", summary="Whether a saved view comes every Monday, and what became of its mails")
async def read_mail(context: OwnContext, caller: MailCaller, view: ViewId) -> ViewMailStateOut:
    """Of one's own mail; of what others get, to how many it left. Results are kept for sixty days."""
    async with context.database.reading() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        await find_readable(uow, reader, view)
        since = await gets_view_mail_since(uow, reader, view)
    history = await ask_mail_history(context.services, caller.tenant, view, reader.person)
    return ViewMailStateOut.of(history, wanted=since is not None)


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
            return ViewMailOut(
                wanted=await set_view_mail(uow, reader, AuditActor.of(caller), view, wanted=wanted)
            )
    except KeySavesNothing:
        raise Problem(422, message("A key is no person, and gets no mail.")) from None
    except MailRefused as refused:
        raise Problem(422, refused.remedy) from None
