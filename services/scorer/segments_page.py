"""The page of all segments by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from services.scorer.access import SegmentAccess
from services.scorer.domain import MIN_ANSWERS_COMPARED
from services.scorer.parameters import read_window
from services.scorer.repository.segments import list_dimensions, list_segment_counts
from services.scorer.score_page import LabelledPage
from services.scorer.score_page_loader import PAGE_SIZE, WINDOW_OPTIONS_DAYS
from services.scorer.views import WindowScore
from services.scorer.windows import Window, today_in
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.events.segments import dimension_of
from shared.http.staff_auth import Staff


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

    rows: list[ListedSegment]
    lowest: ListedSegment | None
    """Of all segments of a dimension, where they are compared."""
    compared_count: int
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
    uow: UnitOfWork, staff: Staff, tenant: Tenant, window: str, q: str, dimension: str, after: str
) -> SegmentsPage:
    """The segments behind ``after`` that the reader may see, of one dimension or with a text in the name."""
    access = SegmentAccess.of(tenant, staff)
    days = read_window(window, None, today_in(tenant.time_zone, uow.now))
    found = await list_segment_counts(
        uow,
        tenant.id,
        "transactional",
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
    compared = [row for row in rows if row.score.n >= MIN_ANSWERS_COMPARED]
    lowest = None
    if dimension and not q and not after and not has_more and len(compared) > 1:
        lowest = min(compared, key=lambda row: row.score.groups.points)
    following = {"window": window, "q": q, "dimension": dimension, "after": rows[-1].segment if rows else ""}
    return SegmentsPage(
        rows=rows,
        lowest=lowest,
        compared_count=len(compared),
        people_hidden=bool(access.hidden_level),
        dimensions=[name for name in names if name not in hidden],
        dimension=dimension,
        q=q,
        window=days,
        is_first_page=not after,
        next_href="/segments?" + urlencode(following) if has_more else None,
    )
