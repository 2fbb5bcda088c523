"""The pages of all segments: which is lowest, and all of them by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal
from urllib.parse import urlencode

from services.scorer.access import SegmentAccess
from services.scorer.dashboard.labels import ranking_finding
from services.scorer.dashboard.reading import read_ranking
from services.scorer.dashboard.views import RankedLine, ranked_lines
from services.scorer.parameters import read_window
from services.scorer.repository.counts import use_custom_plans
from services.scorer.repository.segments import list_dimensions, list_segment_counts
from services.scorer.score_page import LabelledPage
from services.scorer.score_page_loader import PAGE_SIZE, WINDOW_OPTIONS_DAYS
from services.scorer.views import WindowScore
from services.scorer.windows import Window, today_in
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.events.segments import dimension_of
from shared.events.surveys import NpsMeasurement
from shared.http.staff_auth import Staff

SegmentOrder = Literal["score", "name"]
MAX_RANKED = 50
MAX_FEW = 50
"""Segments with few answers that the page of scores lists."""


@dataclass(frozen=True, kw_only=True)
class SegmentListAsked:
    """What the page is asked for."""

    window: str
    measurement: NpsMeasurement
    dimension: str
    """Empty: by score the usual one, by name any."""
    q: str
    """Text that the names contain; with one they are listed by name."""
    sort: SegmentOrder
    after: str
    """The place in the list by name."""

    @property
    def is_by_name(self) -> bool:
        return bool(self.q or self.after) or self.sort == "name"

    def href(self, **changes: str) -> str:
        """The address of the page with these changes."""
        given = {"dimension": self.dimension, "window": self.window, "q": self.q}
        given |= {"measurement": self.measurement if self.measurement != "transactional" else ""}
        given |= {"sort": self.sort if self.sort != "score" else ""} | changes
        return f"/segments?{urlencode({name: value for name, value in given.items() if value})}"


@dataclass(frozen=True, kw_only=True)
class RankingPage(LabelledPage):
    """The segments of a dimension by score, and whether the lowest is so by more than chance."""

    template: ClassVar[str] = "ranking.html"

    asked: SegmentListAsked
    finding: str
    ranked: list[RankedLine]
    few: list[RankedLine]
    tests: int
    count: int
    """Of all segments with answers."""
    dimension: str
    dimensions: Sequence[str]
    people_hidden: bool
    window: Window
    window_days: Sequence[int]
    lowest: str
    """Empty: none is lower than the others beyond chance."""
    file_href: str
    document_href: str


async def load_ranking_page(
    uow: UnitOfWork, staff: Staff, tenant: Tenant, asked: SegmentListAsked
) -> RankingPage:
    """The segments of a dimension that the reader may see, in order."""
    access = SegmentAccess.of(tenant, staff)
    days = read_window(asked.window, None, today_in(tenant.time_zone, uow.now))
    await use_custom_plans(uow)
    read = await read_ranking(uow, tenant, access, asked.dimension, asked.measurement, days)
    ranking = read.ranking
    about = {"dimension": read.dimension, "measurement": asked.measurement, "window": f"{days.days}d"}
    return RankingPage(
        asked=asked,
        finding=ranking_finding(ranking),
        ranked=ranked_lines(ranking.ranked[:MAX_RANKED]),
        few=ranked_lines(ranking.few[:MAX_FEW]),
        tests=ranking.tests,
        count=len(ranking.ranked) + len(ranking.few),
        dimension=read.dimension,
        dimensions=read.dimensions,
        people_hidden=read.people_hidden,
        window=days,
        window_days=sorted({*WINDOW_OPTIONS_DAYS, days.days}),
        lowest=ranking.lowest.segment if ranking.lowest else "",
        file_href=f"/v1/ranking/export?{urlencode(about)}",
        document_href=f"/v1/ranking?{urlencode(about)}",
    )


@dataclass(frozen=True)
class ListedSegment:
    """A segment in the list of segments."""

    segment: str
    score: WindowScore

    @property
    def dimension(self) -> str:
        return dimension_of(self.segment)


@dataclass(frozen=True, kw_only=True)
class SegmentsPage(LabelledPage):
    """All segments by name, a page at a time."""

    template: ClassVar[str] = "segments.html"

    asked: SegmentListAsked
    rows: list[ListedSegment]
    people_hidden: bool
    dimensions: list[str]
    dimension: str
    q: str
    """Text that the names contain."""
    window: Window
    window_days: Sequence[int] = WINDOW_OPTIONS_DAYS
    is_first_page: bool
    next_href: str | None


async def load_segments_page(
    uow: UnitOfWork, staff: Staff, tenant: Tenant, asked: SegmentListAsked
) -> SegmentsPage:
    """The segments behind ``after`` that the reader may see, of one dimension or with a text in the name."""
    access = SegmentAccess.of(tenant, staff)
    q, dimension, after = asked.q, asked.dimension, asked.after
    days = read_window(asked.window, None, today_in(tenant.time_zone, uow.now))
    found = await list_segment_counts(
        uow,
        tenant.id,
        asked.measurement,
        days,
        limit=PAGE_SIZE + 1,
        after=after,
        dimension=dimension or None,
        words=q,
        access=access,
    )
    names = [each.name for each in await list_dimensions(uow, tenant.id)] if not staff.segments else []
    hidden = access.hidden_dimensions(names)
    rows = [ListedSegment(segment, WindowScore(days, counts)) for segment, counts in found[:PAGE_SIZE]]
    has_more = len(found) > PAGE_SIZE
    return SegmentsPage(
        asked=asked,
        rows=rows,
        people_hidden=bool(access.hidden_level),
        dimensions=[name for name in names if name not in hidden],
        dimension=dimension,
        q=q,
        window=days,
        is_first_page=not after,
        next_href=asked.href(after=rows[-1].segment) if has_more else None,
    )
