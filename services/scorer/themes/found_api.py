"""``/v1/themes/finding`` and ``/v1/themes/found``: themes that are opened by themselves, for programs."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.scorer.context import OwnContext
from services.scorer.themes import found_repository
from services.scorer.themes.api import ReadsThemes, WritesThemes
from services.scorer.themes.found_commands import (
    FoundDecided,
    FoundMissing,
    NoSuchTheme,
    decide_found,
    switch_finding,
)
from services.scorer.themes.found_schemas import FindingBody, FindingOut, FoundDecisionBody
from services.scorer.themes.repository import find_themes
from services.scorer.themes.schemas import ThemesOut
from services.scorer.themes.theme_commands import ThemesFaulty, ThemesStale
from shared.db.database import UnitOfWork
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/themes", tags=["scores"], route_class=CheckedRoute)
MAX_FOUND_ID_CHARS = 100
FoundId = Annotated[str, Path(max_length=MAX_FOUND_ID_CHARS, description="The theme's id.")]
DECIDED = message("Something else was decided about this theme already.")
NO_SUCH_THEME = message("Name another theme, into which it is to be merged.")


@router.get("/finding", summary="Themes that are opened by themselves")
async def read_finding(context: OwnContext, caller: ReadsThemes) -> FindingOut:
    """Whether they are, and those that ever were, with what became of each."""
    async with context.database.reading() as uow:
        return await _finding(uow, caller.tenant)


@router.put("/finding", summary="Have themes opened by themselves, or not")
async def write_finding(context: OwnContext, caller: WritesThemes, body: FindingBody) -> FindingOut:
    """Those that were opened stay as they are."""
    async with context.database.transaction() as uow:
        await switch_finding(uow, caller.tenant, AuditActor.of(caller), is_on=body.on)
        return await _finding(uow, caller.tenant)


@router.post("/found/{theme}", summary="Keep, merge or drop a theme that was opened by itself")
async def write_decision(
    context: OwnContext, caller: WritesThemes, theme: FoundId, body: FoundDecisionBody
) -> ThemesOut:
    """One that is kept is a theme like any other; the words of one that is merged go to the other theme. The
    same again changes nothing; when something else was decided it is refused (409).
    """
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of(caller)
            return ThemesOut.of(await decide_found(uow, caller.tenant, who, theme, body.decision()))
    except FoundMissing:
        raise Problem(404) from None
    except (FoundDecided, ThemesStale):
        raise Problem(409, DECIDED) from None
    except NoSuchTheme:
        raise Problem(422, errors=[{"field": "/into", "detail": NO_SUCH_THEME}]) from None
    except ThemesFaulty as refused:
        field = "/name" if body.act == "keep" else "/into"
        errors = [FieldFault(field=field, detail=fault.remedy) for fault in refused.faults]
        raise Problem(422, errors=errors) from None


async def _finding(uow: UnitOfWork, tenant: str) -> FindingOut:
    return FindingOut.of(
        await found_repository.is_finding_on(uow, tenant),
        await found_repository.list_found(uow, tenant),
        await find_themes(uow, tenant),
    )
