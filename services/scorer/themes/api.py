"""``/v1/themes``: the themes of comments for programs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.scorer.access import MAX_SEGMENT_LENGTH
from services.scorer.asked_days import GivenDays
from services.scorer.context import OwnContext
from services.scorer.parameters import read_window
from services.scorer.themes.figure_schemas import ThemeFiguresOut, TrialOut
from services.scorer.themes.impact import ThemeOrder, ordered
from services.scorer.themes.reading import (
    query_of,
    read_figures,
    read_word_sources,
    reader_of,
    suggested_words,
)
from services.scorer.themes.repository import find_themes
from services.scorer.themes.schemas import ThemesBody, ThemesOut, TrialBody, field_faults
from services.scorer.themes.theme_commands import ThemesFaulty, ThemesStale, check_themes, save_themes
from services.scorer.themes.trials import read_trial_comments, try_themes
from shared.events.surveys import NpsMeasurement
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.permissions import EDITING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/themes", tags=["scores"], route_class=CheckedRoute)
ReadsThemes = Annotated[Caller, Depends(staff_or_key("scores:read"))]
TriesThemes = Annotated[Caller, Depends(staff_or_key("surveys:write", *EDITING_ROLES))]
# The themes are those of the whole company.
WritesThemes = Annotated[Caller, Depends(staff_or_key("surveys:write", *EDITING_ROLES, whole_company=True))]


@router.get("", summary="The themes of comments")
async def read_themes(context: OwnContext, caller: ReadsThemes) -> ThemesOut:
    """With the stems by which comments name them: those that we ship, until you change them."""
    async with context.database.reading() as uow:
        return ThemesOut.of(await find_themes(uow, caller.tenant))


@router.put("", summary="Change the themes of comments")
async def write_themes(context: OwnContext, caller: WritesThemes, body: ThemesBody) -> ThemesOut:
    """All of them at once: what is left out is removed. The same again changes nothing; with an older
    `version` it is refused (409). Comments of before are matched again within minutes.
    """
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of(caller)
            return ThemesOut.of(await save_themes(uow, caller.tenant, who, body.draft(), body.version))
    except ThemesFaulty as refused:
        raise Problem(422, errors=field_faults(refused.faults)) from None
    except ThemesStale:
        raise Problem(
            409,
            message("The themes were changed since you read them."),
            message("Read them again, and send their version."),
        ) from None


@router.post("/trial", summary="What a draft of themes would find")
async def try_draft(context: OwnContext, caller: TriesThemes, body: TrialBody) -> TrialOut:
    """It is tried on the latest comments of the last days, at most 2,000. Nothing is stored."""
    draft = body.draft()
    try:
        check_themes(draft)
    except ThemesFaulty as refused:
        raise Problem(422, errors=field_faults(refused.faults)) from None
    async with context.database.reading() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff, caller.key)
        window = read_window(f"{body.days}d", None, reader.today)
        comments = await read_trial_comments(uow, query_of(reader, body.segment, body.measurement, window))
    return TrialOut.of(await try_themes(draft, comments), reader)


@router.get("/figures", summary="How often comments name each theme", response_model_by_alias=True)
async def read_theme_figures(
    context: OwnContext,
    caller: ReadsThemes,
    days: GivenDays,
    segment: Annotated[
        str | None, Query(max_length=MAX_SEGMENT_LENGTH, description="dimension:value; none: the company.")
    ] = None,
    measurement: Annotated[NpsMeasurement, Query(description="Which answers.")] = "transactional",
    order: Annotated[
        ThemeOrder,
        Query(
            description="`frequency`: those that most detractors name first; `impact`: those first "
            "with which the lowest scores are linked."
        ),
    ] = "frequency",
) -> ThemeFiguresOut:
    """Of the answers of the window that have a comment, and the words of those that name no theme."""
    async with context.database.reading() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff, caller.key)
        query = query_of(reader, segment, measurement, days.read(reader.today))
        themes = await find_themes(uow, caller.tenant)
        figures = ordered(await read_figures(uow, themes, query), order)
        sources = await read_word_sources(uow, query) if reader.reads_comments else None
    words = await suggested_words(sources) if sources is not None else None
    return ThemeFiguresOut.of(themes, figures, query, reader.tenant.time_zone, words)
