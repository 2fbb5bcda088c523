"""``scores``: the score of a segment, at most one event a second for each; the newest wins."""

from datetime import date

from shared.events.envelope import Data, Instant, Topic
from shared.events.surveys import NpsMeasurement


class Score(Data, frozen=True, kw_only=True):
    """The rolling score of a segment with its margin; ``nps`` and both ends are None below ten answers.

    Scores of single employees are never published.
    """

    segment: str
    """``dimension:value``, or empty for the whole company."""
    measurement: NpsMeasurement
    version: int
    window_days: int
    until: date
    """The last day included."""
    counts: tuple[int, ...]
    n: int
    nps: float | None
    low: float | None
    high: float | None
    level: float
    computed_at: Instant


SCORES = Topic(
    name="scores.v1",
    event_type="afterword.score.changed",
    data=Score,
    source="/afterword/scorer",
    identity=lambda score: f"{score.measurement}/{score.segment}",
    version=lambda score: score.version,
    compacted=True,
)
