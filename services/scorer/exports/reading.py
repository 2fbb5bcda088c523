"""What somebody asks for: the page of scores as figures, the answers of a selection, and all segments."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from services.scorer.access import SegmentAccess
from services.scorer.api import segment_body
from services.scorer.asked_days import AskedDays
from services.scorer.exports.schemas import OverviewOut
from services.scorer.marks.reading import MarkReader, list_readable, with_comparisons
from services.scorer.marks.schemas import MarkOut
from services.scorer.parameters import read_asked_window
from services.scorer.repository.pairs import selection_of
from services.scorer.repository.segments import list_segment_counts
from services.scorer.repository.selection import AnswerFilter, Selection
from services.scorer.schemas import SegmentBody
from services.scorer.score_page_loader import load_score_page
from services.scorer.score_query import ScoreQuery
from services.scorer.themes.reading import may_read_comments
from services.scorer.windows import Window, today_in
from shared.api_keys import ApiKey
from shared.db.database import Database, UnitOfWork
from shared.events import Tenant
from shared.events.surveys import NpsMeasurement
from shared.http.auth import Caller
from shared.http.problems import Problem
from shared.permissions import EVERY_SCOPE
from shared.tenancy import find_tenant

SEGMENTS_AT_ONCE = 500
MARKS_AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class AnswersAsked:
    """The answers of a selection and a window, as the list of a page has them."""

    selection: Selection
    access: SegmentAccess
    measurement: NpsMeasurement
    window: Window
    only: AnswerFilter
    reads_cases: bool
    """Whether the caller may see which case an answer has."""


async def read_overview(uow: UnitOfWork, caller: Caller, query: ScoreQuery) -> OverviewOut:
    """The figures of the page of a selection.

    :raises Problem: 404 for a selection that the caller may not see, 422 for a window that is none.
    """
    tenant, _ = await _allowed(uow, caller, query.selection)
    page = await load_score_page(uow, caller.staff, tenant, query, after="")
    return OverviewOut.of(
        page,
        tenant.time_zone,
        reads_answers=reads_answers(caller),
        reads_cases=reads_cases(caller),
    )


async def ask_answers(
    uow: UnitOfWork, caller: Caller, query: ScoreQuery, measurement: NpsMeasurement
) -> AnswersAsked:
    """The answers of a selection.

    :raises Problem: 404 for a selection that the caller may not see, 422 for a window that is none.
    """
    tenant, access = await _allowed(uow, caller, query.selection)
    return AnswersAsked(
        selection=await selection_of(uow, tenant.id, query.selection),
        access=access,
        measurement=measurement,
        window=read_asked_window(
            query.window, query.until or "", query.first, query.last, today_in(tenant.time_zone, uow.now)
        ),
        only=AnswerFilter(query.kind, query.words, query.theme, query.channel),
        reads_cases=reads_cases(caller),
    )


@dataclass(frozen=True, kw_only=True)
class SegmentsAsked:
    """All segments of a company that somebody may see, of one dimension or with a text in the name."""

    tenant: Tenant
    access: SegmentAccess
    measurement: NpsMeasurement
    window: Window
    dimension: str | None
    words: str


async def ask_segments(
    uow: UnitOfWork,
    caller: Caller,
    *,
    measurement: NpsMeasurement,
    days: AskedDays,
    dimension: str | None,
    words: str,
) -> SegmentsAsked:
    """The segments.

    :raises Problem: 404 where the company is not known yet, 422 for a window that is none.
    """
    tenant = await find_tenant(uow, caller.tenant)
    if tenant is None:
        raise Problem(404)
    return SegmentsAsked(
        tenant=tenant,
        access=SegmentAccess.of(tenant, caller.staff),
        measurement=measurement,
        window=days.read(today_in(tenant.time_zone, uow.now)),
        dimension=dimension or None,
        words=words,
    )


async def list_segments(database: Database, asked: SegmentsAsked) -> AsyncIterator[Sequence[SegmentBody]]:
    """The segments by name, a portion at a time."""
    after = ""
    while True:
        async with database.reading() as uow:
            rows = await list_segment_counts(
                uow,
                asked.tenant.id,
                asked.measurement,
                asked.window,
                limit=SEGMENTS_AT_ONCE,
                after=after,
                dimension=asked.dimension,
                words=asked.words,
                access=asked.access,
            )
        yield [segment_body(segment, counts) for segment, counts in rows]
        if len(rows) < SEGMENTS_AT_ONCE:
            return
        after = rows[-1][0]


async def list_marks(
    database: Database, reader: MarkReader, measurement: NpsMeasurement
) -> AsyncIterator[Sequence[MarkOut]]:
    """The marks that the reader may see, the latest day first, a portion at a time."""
    place = None
    while True:
        async with database.reading() as uow:
            found, place = await list_readable(uow, reader, place, MARKS_AT_ONCE)
            read = await with_comparisons(uow, reader, measurement, found)
        yield [MarkOut.of(each) for each in read]
        if place is None:
            return


def reads_answers(caller: Caller) -> bool:
    """Whether somebody may read single answers: people whose role may, and keys that may read them."""
    if caller.staff is not None:
        return caller.staff.reads_answers
    return may_read_comments(None, caller.key)


def reads_cases(caller: Caller) -> bool:
    """Whether somebody may know of cases: who works on them, and keys that may read them."""
    if caller.staff is not None:
        return caller.staff.works_on_cases
    return _has_scope(caller.key)


def _has_scope(key: ApiKey | None) -> bool:
    return key is not None and bool({"cases:read", EVERY_SCOPE} & key.scopes)


async def _allowed(uow: UnitOfWork, caller: Caller, selection: Sequence[str]) -> tuple[Tenant, SegmentAccess]:
    tenant = await find_tenant(uow, caller.tenant)
    if tenant is None:
        raise Problem(404)
    access = SegmentAccess.of(tenant, caller.staff)
    if not access.allows_selection(selection):
        raise Problem(404)
    return tenant, access
