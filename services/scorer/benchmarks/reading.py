"""Which published benchmarks somebody may see, and what stands beside the score of a segment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.scorer.access import SegmentAccess
from services.scorer.asked_days import USUAL_DAYS, AskedDays
from services.scorer.benchmarks import repository
from services.scorer.benchmarks.domain import (
    Benchmark,
    Beside,
    own_beside,
    published_beside,
    verdicts_of,
)
from services.scorer.domain import Groups, groups_of, sum_of_groups
from services.scorer.marks.reading import MarkReader
from services.scorer.repository.counts import segment_parts, use_custom_plans, window_counts
from services.scorer.repository.selection import Selection
from services.scorer.windows import Window, today_in
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY, Tenant, is_person
from shared.events.segments import ORGANISATION, chain_of, dimension_of
from shared.events.surveys import NpsMeasurement
from shared.http.problems import Problem


@dataclass(frozen=True, kw_only=True)
class BesideAsked:
    """What is asked for."""

    segment: str = WHOLE_COMPANY
    measurement: NpsMeasurement = "transactional"
    days: AskedDays = USUAL_DAYS


@dataclass(frozen=True, kw_only=True)
class BesideRead:
    """The score of a segment or the company, and the scores that stand beside it."""

    segment: str
    measurement: NpsMeasurement
    window: Window
    time_zone: str
    groups: Groups
    rows: Sequence[Beside]

    @property
    def tests(self) -> int:
        """How many differences are told at once."""
        return sum(row.change is not None for row in self.rows)


def sees(reader: MarkReader, benchmark: Benchmark) -> bool:
    """Whether somebody may see a published benchmark: one about the whole company is no figure of the
    company's, and everybody's; one about each value of a dimension is for who may see one of them.
    """
    if benchmark.dimension:
        own = {dimension_of(segment) for segment in reader.access.limited_to}
        shown = reader.access.allows_as_part(f"{benchmark.dimension}:-")
        return shown and (not own or benchmark.dimension in own)
    return benchmark.segment == WHOLE_COMPANY or reader.access.allows(benchmark.segment)


async def find_readable(uow: UnitOfWork, reader: MarkReader, key: UUID) -> Benchmark:
    """One benchmark.

    :raises Problem: 404 where there is none that the reader may see.
    """
    found = await repository.find_benchmark(uow, reader.tenant.id, key)
    if found is None or not sees(reader, found):
        raise Problem(404)
    return found


async def list_readable(uow: UnitOfWork, reader: MarkReader) -> list[Benchmark]:
    """Those that the reader may see, by name."""
    return [each for each in await repository.list_benchmarks(uow, reader.tenant.id) if sees(reader, each)]


async def read_beside(
    uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, asked: BesideAsked
) -> BesideRead:
    """What stands beside the score of a segment, or of the company.

    :raises Problem: 404 for a segment that the reader may not see, 422 for a window that is none.
    """
    if not access.allows(asked.segment):
        raise Problem(404)
    await use_custom_plans(uow)
    window = asked.days.read(today_in(tenant.time_zone, uow.now))
    counts = await window_counts(uow, tenant.id, asked.measurement, asked.segment, window)
    return await beside(
        uow,
        tenant,
        access,
        asked.segment,
        measurement=asked.measurement,
        window=window,
        asked=groups_of(counts),
    )


async def beside(
    uow: UnitOfWork,
    tenant: Tenant,
    access: SegmentAccess,
    segment: str,
    *,
    measurement: NpsMeasurement,
    window: Window,
    asked: Groups,
) -> BesideRead:
    """What stands beside a score that was counted already, of a segment that the reader may see: the same
    days last year, the other values of its dimension, and the published benchmarks about it. Nothing stands
    beside a single employee's.

    :param asked: the answers of the segment in the window.
    """
    rows: list[Beside] = []
    if not is_person(tenant.people, segment):
        year = window.last_year()
        if not window.shared_days(year):
            counts = await window_counts(uow, tenant.id, measurement, segment, year)
            rows.append(own_beside("last_year", year, asked, groups_of(counts)))
        if (others := await _others(uow, tenant, access, segment, measurement, window)) is not None:
            rows.append(own_beside("others", window, asked, others))
        about = await repository.list_benchmarks_about(
            uow, tenant.id, measurement, segment, dimension_of(segment) if segment else ""
        )
        rows += [published_beside(asked, benchmark) for benchmark in about]
    return BesideRead(
        segment=segment,
        measurement=measurement,
        window=window,
        time_zone=tenant.time_zone,
        groups=asked,
        rows=with_verdicts(rows),
    )


def with_verdicts(rows: Sequence[Beside]) -> list[Beside]:
    """What each difference is called, among all that are told at once."""
    verdicts = iter(verdicts_of([row.change for row in rows if row.change is not None]))
    return [row if row.change is None else replace(row, verdict=next(verdicts)) for row in rows]


async def _others(
    uow: UnitOfWork,
    tenant: Tenant,
    access: SegmentAccess,
    segment: str,
    measurement: NpsMeasurement,
    window: Window,
) -> Groups | None:
    """The answers of all other values of a segment's dimension; of the organisation, of the parts beside it
    below the same level. None where the reader may not see all of these.
    """
    if segment == WHOLE_COMPANY:
        return None
    dimension = dimension_of(segment)
    above = (WHOLE_COMPANY, *chain_of(segment))[-2] if dimension == ORGANISATION else WHOLE_COMPANY
    if not access.allows(above):
        return None
    parts = await segment_parts(uow, Selection(tenant.id), measurement, dimension, window, window)
    level = segment.count("/")
    return sum_of_groups(
        part.now
        for part in parts
        if part.segment != segment and (dimension != ORGANISATION or _is_beside(part.segment, above, level))
    )


def _is_beside(segment: str, above: str, level: int) -> bool:
    return segment.count("/") == level and (above == WHOLE_COMPANY or segment.startswith(f"{above}/"))
