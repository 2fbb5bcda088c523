"""The page of a survey's versions: its words and its rules then and now, side by side."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query, Request, Response

from services.dispatcher.context import OwnContext
from services.dispatcher.frame import StaffReader, frame_of
from services.dispatcher.surveys.domain import StoredSurvey, SurveyVersion
from services.dispatcher.surveys.pages import found_survey
from services.dispatcher.surveys.survey_commands import list_survey_versions
from services.dispatcher.surveys.version_changes import FieldChange, changes_between
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.pages.page import Page

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)
VersionNumber = Annotated[int | None, Query(ge=1, le=1_000_000)]


@dataclass(frozen=True, kw_only=True)
class VersionsPage(Page):
    """The versions of a survey, and what differs between two of them."""

    template: ClassVar[str] = "survey_versions.html"
    survey: StoredSurvey
    versions: list[SurveyVersion]
    """Newest first."""
    older: SurveyVersion
    newer: SurveyVersion
    changes: list[FieldChange]
    words_only: bool
    """Whether the rules of one of the two were not kept."""
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
        versions = await list_survey_versions(uow, staff.tenant, survey.id)
        frame = await frame_of(uow, staff, "surveys")
    by_number = {each.number: each for each in versions}
    last = newer or len(versions)
    second = by_number.get(last)
    first = by_number.get(older or max(1, last - 1))
    if first is None or second is None:
        raise Problem(404)
    words_only = not (first.has_rules and second.has_rules)
    page = VersionsPage(
        survey=survey,
        versions=list(reversed(versions)),
        older=first,
        newer=second,
        changes=[
            change
            for change in changes_between(first.draft, second.draft, rules=not words_only)
            if change.name != "position"  # its place in the order makes no version
        ],
        words_only=words_only,
        written_at=second.written_at,
        options=[(str(each.number), str(each.number)) for each in reversed(versions)],
    )
    return context.pages.page(request, page, staff=staff, frame=frame)
