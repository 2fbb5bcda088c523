"""``falls``: significant falls of segments' scores, judged once a day; the newest wins."""

from datetime import date
from typing import Literal

from shared.events.envelope import Data, Instant, Topic
from shared.events.surveys import NpsMeasurement

FallState = Literal["fallen", "back", "settled"]
"""back: the score is as it was before; settled: it has stayed down for so long that this is usual now."""


class SegmentFall(Data, frozen=True, kw_only=True):
    """The last fall of a segment's score, with the numbers of the last day that was judged.

    Falls of single employees are never published.
    """

    segment: str
    """``dimension:value``, or empty for the whole company."""
    measurement: NpsMeasurement
    version: int
    state: FallState
    first: date
    """The first of the days whose score is the lower one."""
    found: date
    """The last day that was counted when it was found; with ``first`` it tells one fall from the next."""
    until: date
    """The last day that is counted now."""
    n_before: int
    """Answers of the days before the fall, by which it is judged."""
    nps_before: float
    n: int
    """Answers since the fall, of the newest days."""
    nps: float
    judged_at: Instant


FALLS = Topic(
    name="falls.v1",
    event_type="afterword.segment.fallen",
    data=SegmentFall,
    source="/afterword/scorer",
    identity=lambda fall: f"{fall.measurement}/{fall.segment}",
    version=lambda fall: fall.version,
    compacted=True,
)
