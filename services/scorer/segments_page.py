"""The pages of all segments: which is lowest, and all of them by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal
from urllib.parse import urlencode

from services.scorer.access import SegmentAccess
from services.scorer.asked_days import AskedDays
from services.scorer.dashboard.labels import ranking_finding
from services.scorer.dashboard.reading import read_ranking
from services.scorer.dashboard.views import RankedLine, ranked_lines
from services.scorer.day_choice import DayChoice
from services.scorer.parameters import DEFAULT_WINDOW
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

    days: AskedDays
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
        return self.address_of("/segments", **(self.kept | changes))

    def address_of(self, path: str, **given: str) -> str:
        """The address of another page or document of the same days."""
        asked = {**{name: value for name, value in given.items() if value}, **self._days}
        return f"{path}?{urlencode(asked)}"

    def segment_href(self, segment: str) -> str:
        """The address of a segment's page."""
        return self.address_of("/segments", segment=segment, measurement=self.measurement)

    @property
    def kept(self) -> dict[str, str]:
        """The parameters of the page but its days, as the form of own days keeps them."""
        return {"dimension": self.dimension, "q": self.q, **self._sorted, **self._measured}

    @property
    def _measured(self) -> dict[str, str]:
        return {"measurement": self.measurement} if self.measurement != "transactional" else {}

    @property
    def _sorted(self) -> dict[str, str]:
        return {"sort": self.sort} if self.sort != "score" else {}

    @property
    def _days(self) -> dict[str, str]:
        return self.days.parameters or {"window": DEFAULT_WINDOW}


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
    days: DayChoice
    lowest: str
    """Empty: none is lower than the others beyond chance."""
    file_href: str
    document_href: str


async def load_ranking_page(
    uow: UnitOfWork, staff: Staff, tenant: Tenant, asked: SegmentListAsked
) -> RankingPage:
    """The segments of a dimension that the reader may see, in order."""
    access = SegmentAccess.of(tenant, staff)
    days = asked.days.read(today_in(tenant.time_zone, uow.now))
    await use_custom_plans(uow)
    read = await read_ranking(uow, tenant, access, asked.dimension, asked.measurement, days)
    ranking = read.ranking
    about = {"dimension": read.dimension, "measurement": asked.measurement}
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
        days=DayChoice.of(asked.days, days, WINDOW_OPTIONS_DAYS),
        lowest=ranking.lowest.segment if ranking.lowest else "",
        file_href=asked.address_of("/v1/ranking/export", **about),
        document_href=asked.address_of("/v1/ranking", **about),
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
    days: DayChoice
    is_first_page: bool
    next_href: str | None
    file_href: str
    document_href: str


async def load_segments_page(
    uow: UnitOfWork, staff: Staff, tenant: Tenant, asked: SegmentListAsked
) -> SegmentsPage:
    """The segments behind ``after`` that the reader may see, of one dimension or with a text in the name."""
    access = SegmentAccess.of(tenant, staff)
    q, dimension, after = asked.q, asked.dimension, asked.after
    days = asked.days.read(today_in(tenant.time_zone, uow.now))
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
    about = {"dimension": dimension, "measurement": asked.measurement, "q": q}
    return SegmentsPage(
        asked=asked,
        rows=rows,
        people_hidden=bool(access.hidden_level),
        dimensions=[name for name in names if name not in hidden],
        dimension=dimension,
        q=q,
        window=days,
        days=DayChoice.of(asked.days, days, WINDOW_OPTIONS_DAYS),
        is_first_page=not after,
        next_href=asked.href(after=rows[-1].segment) if has_more else None,
        file_href=asked.address_of("/v1/segments/export", **about),
        document_href=asked.address_of("/v1/segments", **about),
    )
