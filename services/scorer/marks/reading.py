"""Which marks somebody may see, with how the score stood before and after them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.scorer.access import SegmentAccess
from services.scorer.domain import Groups
from services.scorer.marks import repository
from services.scorer.marks.domain import Mark, MarkComparison, mark_windows
from services.scorer.marks.figures import compare_marks
from services.scorer.repository.selection import Selection
from services.scorer.windows import Window, today_in
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY, Tenant
from shared.events.segments import chain_of
from shared.events.surveys import NpsMeasurement
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.tenancy import find_tenant

MAX_MARKS_ON_TREND = 12


@dataclass(frozen=True, kw_only=True)
class MarkReader:
    """Who asks for the marks of a company, and when."""

    tenant: Tenant
    access: SegmentAccess
    today: date

    def sees(self, mark: Mark) -> bool:
        """Whether the reader may see a mark: everybody sees those of the whole company."""
        return mark.segment == WHOLE_COMPANY or self.access.allows(mark.segment)


@dataclass(frozen=True, kw_only=True)
class ReadMark:
    """A mark, and how its segment, or what a page is about, stood before and after it."""

    mark: Mark
    comparison: MarkComparison


async def reader_of(uow: UnitOfWork, tenant_id: str, staff: Staff | None) -> MarkReader:
    """The reader.

    :param staff: None: a key.
    :raises Problem: 404 where the company is not known yet.
    """
    tenant = await find_tenant(uow, tenant_id)
    if tenant is None:
        raise Problem(404)
    return MarkReader(
        tenant=tenant, access=SegmentAccess.of(tenant, staff), today=today_in(tenant.time_zone, uow.now)
    )


async def find_readable(uow: UnitOfWork, reader: MarkReader, key: UUID) -> Mark:
    """One mark.

    :raises Problem: 404 where there is none that the reader may see.
    """
    mark = await repository.find_mark(uow, reader.tenant.id, key)
    if mark is None or not reader.sees(mark):
        raise Problem(404)
    return mark


async def list_readable(
    uow: UnitOfWork, reader: MarkReader, after: tuple[date, UUID] | None, size: int
) -> tuple[list[Mark], tuple[date, UUID] | None]:
    """The next marks that the reader may see, and the place behind them; None at the end.

    There may be fewer than ``size`` before the end: those of segments that have become single employees.
    """
    rows = await repository.list_marks(
        uow, reader.tenant.id, limited_to=reader.access.limited_to, after=after, limit=size + 1
    )
    page = rows[:size]
    place = (page[-1].day, page[-1].id) if len(rows) > size else None
    return list(filter(reader.sees, page)), place


async def with_comparisons(
    uow: UnitOfWork, reader: MarkReader, measurement: NpsMeasurement, marks: Sequence[Mark]
) -> list[ReadMark]:
    """Marks that the reader may see, each with how its own segment stood. Who is limited to segments sees no
    score of the whole company.
    """
    by_segment: defaultdict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        by_segment[mark.segment].append(mark)
    found: dict[UUID, MarkComparison] = {}
    for segment, own in by_segment.items():
        if reader.access.allows(segment):
            selection = Selection(reader.tenant.id, (segment,) if segment else ())
            compared = await compare_marks(uow, selection, measurement, reader.today, own)
            found |= {mark.id: each for mark, each in zip(own, compared, strict=True)}
    return [ReadMark(mark=mark, comparison=found.get(mark.id) or _not_shown(mark.day)) for mark in marks]


def _not_shown(day: date) -> MarkComparison:
    before, after = mark_windows(day)
    return MarkComparison(before, after, Groups(0, 0, 0), Groups(0, 0, 0), None, "not_shown")


async def marks_on_trend(
    uow: UnitOfWork, selection: Selection, measurement: NpsMeasurement, today: date, shown: Window
) -> list[ReadMark]:
    """The latest marks on the days of a trend, the latest first, each with how the selection stood: those of
    the whole company, of the selected segments and of the levels above these.
    """
    segments = {WHOLE_COMPANY, *(level for segment in selection.segments for level in chain_of(segment))}
    marks = await repository.list_marks_of_days(
        uow, selection.tenant, sorted(segments), shown.first, shown.last, MAX_MARKS_ON_TREND
    )
    compared = await compare_marks(uow, selection, measurement, today, marks)
    return [ReadMark(mark=mark, comparison=each) for mark, each in zip(marks, compared, strict=True)]
