"""The figures of pages as documents and files: of each, ``…/export`` is the file of the same figures."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from services.scorer.amendments.reading import ChoiceParameters, choice_parameters
from services.scorer.api import MeasurementParameter, ScoresCaller, read_score
from services.scorer.asked_days import GivenDays
from services.scorer.context import OwnContext
from services.scorer.csv_files import CSV_CONTENT, streamed_file
from services.scorer.exports import reading
from services.scorer.exports.answers import MEDIA_TYPES, AnswerFormat, answer_file
from services.scorer.exports.domain import columns_of, rows_of
from services.scorer.exports.files import file_of
from services.scorer.exports.part_schemas import CausesOut
from services.scorer.exports.schemas import SECTIONS, OverviewOut
from services.scorer.improvements import reading as improvement_reading
from services.scorer.improvements.api import read_action
from services.scorer.improvements.reading import reader_of as improvement_reader_of
from services.scorer.improvements.schemas import ImprovementOut
from services.scorer.marks.api import read_mark
from services.scorer.marks.reading import reader_of as mark_reader_of
from services.scorer.marks.schemas import MarkOut
from services.scorer.parameters import MAX_SELECTED_SEGMENTS, read_segment
from services.scorer.repository.selection import AnswerChannel, AnswerGroup
from services.scorer.schemas import ScoreBody, SegmentBody
from services.scorer.score_query import ScoreQuery, query_days
from services.scorer.themes.api import read_theme_figures
from services.scorer.themes.figure_schemas import ThemeFiguresOut
from shared.events.surveys import NpsMeasurement
from shared.http.auth import Caller, staff_or_key
from shared.http.routes import CheckedRoute
from shared.permissions import ANSWER_ROLES
from shared.privacy.audit import AuditActor, record_audit
from shared.values.csv_files import lines_of

router = APIRouter(prefix="/v1", tags=["scores"], route_class=CheckedRoute)
AnswersCaller = Annotated[Caller, Depends(staff_or_key("answers:read", *ANSWER_ROLES))]
THEME_SECTIONS = ("comments", "covered", "themes", "suggestions")
"""Of the figures of themes, in their file."""
MAX_WORDS = 200


def asked_selection(
    days: GivenDays,
    segment: Annotated[
        list[str] | None,
        Query(
            max_length=MAX_SELECTED_SEGMENTS,
            description="dimension:value; of several the answers that lie in all of them; none: the company.",
        ),
    ] = None,
) -> ScoreQuery:
    """The answers that an address names."""
    segments = tuple(filter(None, map(read_segment, segment or ())))
    return ScoreQuery(segments=segments, **query_days(days))


AskedSelection = Annotated[ScoreQuery, Depends(asked_selection)]


async def read_overview(
    context: OwnContext,
    caller: ScoresCaller,
    asked: AskedSelection,
    choices: Annotated[ChoiceParameters, Depends(choice_parameters)],
    measurement: Annotated[
        NpsMeasurement | None,
        Query(description="Left out: after a contact, unless the company is only asked for at any time."),
    ] = None,
    against: Annotated[
        Literal["before", "year"],
        Query(description="As many days right before, or the same days of the year before."),
    ] = "before",
    by: Annotated[
        str, Query(max_length=MAX_WORDS, description="The dimension of `parts`; left out: the touchpoint.")
    ] = "",
) -> OverviewOut:
    """The figures of the page of scores, of the same window and selection: where it stands, whether it moved,
    where, why, and what is being done. A window that has no score says why. Of single employees nothing is
    told, until an administrator allows it.
    """
    query = replace(asked, measurement=measurement, choices=choices, against=against, by=by)
    async with context.database.reading() as uow:
        return await reading.read_overview(uow, caller, query)


def _file(description: str) -> dict[str, Any]:
    return {
        "response_class": Response,
        "responses": {200: {"content": CSV_CONTENT, "description": description}},
    }


router.add_api_route(
    "/scores/overview",
    read_overview,
    methods=["GET"],
    summary="The figures of the page of scores",
    response_model_by_alias=True,
)


@router.get(
    "/scores/overview/export",
    summary="The same as a file",
    **_file("A row for each section, and for each part."),
)
async def export_overview(overview: Annotated[OverviewOut, Depends(read_overview)]) -> Response:
    """The figures of `GET /v1/scores/overview`; the first column tells which of its fields a row is of.
    A cell that begins like a formula stands behind an apostrophe.
    """
    days = overview.now.period
    return file_of(overview, f"scores-{days.from_}-{days.until}", SECTIONS)


@router.get("/scores/export", summary="How a segment stands, as a file", **_file("One row."))
async def export_score(score: Annotated[ScoreBody, Depends(read_score)]) -> Response:
    """The figures of `GET /v1/scores`."""
    return file_of(score, f"score-{score.window.from_}-{score.window.until}")


@router.get("/segments/export", summary="All segments as a file", **_file("A row for each segment."))
async def export_segments(
    context: OwnContext,
    caller: ScoresCaller,
    days: GivenDays,
    dimension: Annotated[
        str | None, Query(max_length=MAX_WORDS, description="Only values of this dimension.")
    ] = None,
    measurement: MeasurementParameter = "transactional",
    q: Annotated[str, Query(max_length=MAX_WORDS, description="A text that the names contain.")] = "",
) -> StreamingResponse:
    """The figures of `GET /v1/segments`, of all its pages."""
    async with context.database.reading() as uow:
        asked = await reading.ask_segments(
            uow,
            caller,
            measurement=measurement,
            days=days,
            dimension=dimension,
            words=q,
        )
    lines = _lines(reading.list_segments(context.database, asked), SegmentBody)
    return streamed_file(lines, f"segments-{asked.window.first}-{asked.window.last}.csv")


@router.get("/marks/export", summary="Marks on the trend as a file", **_file("A row for each mark."))
async def export_marks(
    context: OwnContext, caller: ScoresCaller, measurement: MeasurementParameter = "transactional"
) -> StreamingResponse:
    """The figures of `GET /v1/marks`, of all its pages."""
    async with context.database.reading() as uow:
        reader = await mark_reader_of(uow, caller.tenant, caller.staff)
    return streamed_file(
        _lines(reading.list_marks(context.database, reader, measurement), MarkOut), "marks.csv"
    )


@router.get("/marks/{mark}/export", summary="A mark as a file", **_file("One row."))
async def export_mark(mark: Annotated[MarkOut, Depends(read_mark)]) -> Response:
    """The figures of `GET /v1/marks/{mark}`."""
    return file_of(mark, f"mark-{mark.day}")


async def read_causes(context: OwnContext, caller: ScoresCaller) -> CausesOut:
    """Of the segments that the caller may see; cases of anonymous answers are in none."""
    async with context.database.reading() as uow:
        reader = await improvement_reader_of(uow, caller.tenant, caller.staff)
        return CausesOut.of(await improvement_reading.read_causes(uow, reader))


router.add_api_route(
    "/actions/causes", read_causes, methods=["GET"], summary="With what cases were closed most often"
)


@router.get("/actions/causes/export", summary="The same as a file", **_file("A row for each cause."))
async def export_causes(causes: Annotated[CausesOut, Depends(read_causes)]) -> Response:
    """The figures of `GET /v1/actions/causes`."""
    return file_of(causes, "causes", ("causes",))


@router.get(
    "/actions/{action}/export", summary="One action as a file", **_file("A row, and one for each step.")
)
async def export_action(action: Annotated[ImprovementOut, Depends(read_action)]) -> Response:
    """The figures of `GET /v1/actions/{action}`; the first column tells what a row is of."""
    return file_of(action, f"action-{action.opened_at.date()}", ("steps",))


@router.get(
    "/themes/figures/export",
    summary="How often comments name each theme, as a file",
    **_file("A row for each."),
)
async def export_themes(figures: Annotated[ThemeFiguresOut, Depends(read_theme_figures)]) -> Response:
    """The figures of `GET /v1/themes/figures`; the first column tells what a row is of."""
    days = figures.window
    return file_of(figures, f"themes-{days.from_}-{days.until}", THEME_SECTIONS)


@router.get(
    "/scores/answers/export",
    summary="The answers of a selection, as a file",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {**CSV_CONTENT, "application/x-ndjson": {"schema": {"type": "string"}}},
            "description": "A line for each answer, the latest first.",
        }
    },
)
async def export_answers(
    context: OwnContext,
    caller: AnswersCaller,
    asked: AskedSelection,
    measurement: MeasurementParameter = "transactional",
    kind: Annotated[AnswerGroup, Query(description="Only of this group, or with this score.")] = "",
    words: Annotated[str, Query(max_length=MAX_WORDS, description="A text of the comment.")] = "",
    theme: Annotated[str, Query(max_length=MAX_WORDS, description="The id of a theme that it names.")] = "",
    channel: Annotated[AnswerChannel, Query(description="Only those that came so.")] = "",
    format: Annotated[  # noqa: A002  (the parameter's name)
        AnswerFormat, Query(description="For spreadsheets, or one JSON object a line.")
    ] = "csv",
) -> StreamingResponse:
    """Exactly the answers that the score of this selection, window and measurement is made of, without whose
    they are. Anonymous ones have the segments and the day of the bundle in which they count. A cell that
    begins like a formula stands behind an apostrophe. That it was taken is logged.
    """
    query = replace(asked, kind=kind, words=words.strip(), theme=theme, channel=channel)
    async with context.database.transaction() as uow:
        wanted = await reading.ask_answers(uow, caller, query, measurement)
        record_audit(
            uow,
            caller.tenant,
            AuditActor.of(caller),
            "answers_exported",
            first=str(wanted.window.first),
            last=str(wanted.window.last),
        )
    name = f"answers-{wanted.window.first}-{wanted.window.last}.{format}"
    return streamed_file(answer_file(context.database, wanted, format), name, MEDIA_TYPES[format])


async def _lines(portions: AsyncIterator[Any], model: type[BaseModel]) -> AsyncIterator[str]:
    yield lines_of([[column.name for column in columns_of(model)]])
    async for portion in portions:
        yield lines_of(rows_of(portion, model))
