"""``answer-totals``: how many answers of each day have each score at the collector; the newest wins.

The collector counts its answers in *rounds*, once a day, and publishes the totals that have changed and, for
each company, the round. A reader of ``answers`` checks its own counts against them. It compares only what it
knows to be of the same answers, by places in ``answers``:

- ``since``: the ends of the partitions after all was published that was committed when the round counted. Who
  has read all records before these offsets has read every version that it counted, or knew not to count.
- ``until`` of a round: the ends before it counted. Each record before these offsets is of a version that was
  committed when the round counted.
- A total is published again by each round that finds other answers, or other versions of them.
"""

from datetime import date
from typing import Literal

from shared.events.envelope import Data, Topic
from shared.events.surveys import NpsMeasurement

TotalKind = Literal["day", "anonymous", "round"]
"""day: answers that count for a day, without anonymous ones; anonymous: those of all days, since who counts
them in bundles does not keep which was of which day; round: the round itself."""
Offsets = tuple[int, ...]
"""By partition, from the first."""


class AnswerTotal(Data, frozen=True, kw_only=True):
    """How many answers have each score, or a round in which that was counted."""

    kind: TotalKind
    version: int
    """The number of the round that found it so."""
    measurement: NpsMeasurement | None = None
    """None of a round."""
    day: date | None = None
    """Of a total of a day."""
    counts: tuple[int, ...] = ()
    """The eleven counts of a total: what counts in a score, so no tests, clicks, held answers, answers beyond
    a draw or of open links."""
    since: Offsets = ()
    """See above; of a total, of the round that published it."""
    until: Offsets = ()
    """Of a round: see above."""
    totals: int = 0
    """Of a round: how many totals there are."""
    versions: int = 0
    """Of a round: the sum of their versions, by which a reader knows whether it has all of them."""


def total_name(total: AnswerTotal) -> str:
    """Which one of a company's it is: such as ``transactional/2026-11-30`` or ``round``."""
    if total.kind == "round":
        return total.kind
    return f"{total.measurement}/{total.kind if total.day is None else total.day}"


ANSWER_TOTALS = Topic(
    name="answer-totals.v1",
    event_type="afterword.answer_totals.changed",
    data=AnswerTotal,
    source="/afterword/collector",
    identity=total_name,
    version=lambda total: total.version,
    compacted=True,
)
