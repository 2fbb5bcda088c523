"""The page of a survey's versions: its words then and now, side by side."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query, Request, Response

from services.dispatcher.context import OwnContext
from services.dispatcher.frame import StaffReader, frame_of
from services.dispatcher.surveys.domain import StoredSurvey, SurveyVersion
from services.dispatcher.surveys.pages import found_survey
from services.dispatcher.surveys.survey_commands import list_word_versions
from services.dispatcher.surveys.version_changes import FieldChange, changes_between
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.pages.page import Page

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)
VersionNumber = Annotated[int | None, Query(ge=1, le=1_000_000)]


@dataclass(frozen=True, kw_only=True)
class VersionsPage(Page):
    """The versions of a survey's words, and what differs between two of them."""

    template: ClassVar[str] = "survey_versions.html"
    survey: StoredSurvey
    versions: list[SurveyVersion]
    """Newest first."""
    older: SurveyVersion
    newer: SurveyVersion
    changes: list[FieldChange]
    written_at: datetime
    """When the newer one was."""
    options: list[tuple[str, str]]
    """The numbers of all versions."""


@router.get("/{survey_id}/versions")
async def show_versions(
    survey_id: str,
    request: Request,
    staff: StaffReader,
    context: OwnContext,
    older: VersionNumber = None,
    newer: VersionNumber = None,
) -> Response:
    """Two versions compared: the current one and the one before it, unless others are named."""
    async with context.database.reading() as uow:
        survey = await found_survey(uow, staff, survey_id)
        versions = await list_word_versions(uow, staff.tenant, survey.id)
        frame = await frame_of(uow, staff, "surveys")
    by_number = {each.number: each for each in versions}
    second = by_number.get(newer or survey.survey_version)
    first = by_number.get(older or max(1, (newer or survey.survey_version) - 1))
    if first is None or second is None:
        raise Problem(404)
    page = VersionsPage(
        survey=survey,
        versions=list(reversed(versions)),
        older=first,
        newer=second,
        changes=changes_between(first.draft, second.draft),
        written_at=second.written_at,
        options=[(str(each.number), str(each.number)) for each in reversed(versions)],
    )
    return context.pages.page(request, page, staff=staff, frame=frame)
