"""``/v1/themes/model``: whether comments are sent to a model, for programs."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.scorer.context import OwnContext
from services.scorer.themes.api import ReadsThemes
from services.scorer.themes.model_client import origin_of
from services.scorer.themes.model_commands import NoSuchModel, read_state, switch_model
from services.scorer.themes.model_schemas import ThemeModelBody, ThemeModelOut
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.permissions import ADMIN, EVERY_SCOPE
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/themes", tags=["scores"], route_class=CheckedRoute)
# Comments leave the installation by it, of all segments.
SwitchesModel = Annotated[Caller, Depends(staff_or_key(EVERY_SCOPE, ADMIN, whole_company=True))]
NO_SUCH_MODEL = message("This installation has no such model, or it is somewhere else by now.")
LOOK_WHERE = message("Read where it is, and decide anew.")


@router.get("/model", summary="Whether a model labels comments")
async def read_model(context: OwnContext, caller: ReadsThemes) -> ThemeModelOut:
    """Off until an administrator switches it on: no comment is sent anywhere."""
    async with context.database.reading() as uow:
        return ThemeModelOut.of(await read_state(uow, caller.tenant, origin_of(context.own.theme_model_url)))


@router.put("/model", summary="Have a model label comments, or not")
async def write_model(context: OwnContext, caller: SwitchesModel, body: ThemeModelBody) -> ThemeModelOut:
    """While it is on, comments of the last 90 days (of before the latest 20,000) are sent with their language
    and the themes; nothing of who wrote them. What the model has found stays when it is switched off. To
    switch it on takes the address to which you agree; when the model is not there, it is refused (409).
    """
    origin = origin_of(context.own.theme_model_url)
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of(caller)
            await switch_model(uow, caller.tenant, who, is_on=body.on, origin=origin, agreed=body.sent_to)
            return ThemeModelOut.of(await read_state(uow, caller.tenant, origin))
    except NoSuchModel:
        raise Problem(409, NO_SUCH_MODEL, LOOK_WHERE) from None
