"""Which anonymous answers are counted, and as what: at least five at a time, as if they were alike. Pure.

**The rule.** An anonymous answer waits, uncounted and unseen, until it belongs to a *bundle*: at least
``MIN_BUNDLE`` answers of one company and measurement that from then on have the same segments and the same
day. A bundle is counted at once and never changes. So whatever is asked of the counts (any segments, any
windows, at any two moments), each bundle lies in the result as a whole or not at all; and so it does in every
sum and difference of results. No subtraction leaves one to four answers.

Answers with the same segments make a bundle as soon as there are enough. Those that have waited for
``MAX_WAIT`` are merged further up: they keep only the segments that enough of them share.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from shared.events.segments import MAX_LEVELS, ORGANISATION, dimension_of

MIN_BUNDLE = 5
MAX_WAIT = timedelta(days=7)
"""After the day of its answer; then it is merged with others."""
TOUCHPOINT = "touchpoint"

Segments = tuple[str, ...]


class WaitingAnswer(NamedTuple):
    """An anonymous answer that is not counted yet."""

    tenant: str
    measurement: str
    id: UUID
    day: date
    segments: Segments
    """In the order of their names, so that equal ones are equal."""


class AnswerBundle(NamedTuple):
    """Answers that are counted together."""

    tenant: str
    measurement: str
    segments: Segments
    """The segments that each of them counts in, beside the company."""
    day: date
    """The day for which each of them counts: the last of theirs."""
    answers: tuple[UUID, ...]


def bundles_of(waiting: Sequence[WaitingAnswer], today: date) -> list[AnswerBundle]:
    """The bundles that can be counted now; no answer is in two of them."""
    alike, rest = _bundled(waiting, lambda segments: segments)
    found = alike
    overdue = [answer for answer in rest if answer.day < today - MAX_WAIT]
    for coarser in _RUNGS:
        merged, overdue = _bundled(overdue, coarser)
        found += merged
    return found


def _bundled(
    answers: Iterable[WaitingAnswer], coarser: Callable[[Segments], Segments | None]
) -> tuple[list[AnswerBundle], list[WaitingAnswer]]:
    """The bundles of those that are alike by the segments that ``coarser`` leaves, and the rest.

    ``coarser`` returns None where an answer cannot be merged so.
    """
    by_key: defaultdict[tuple[str, str, Segments], list[WaitingAnswer]] = defaultdict(list)
    rest: list[WaitingAnswer] = []
    for answer in answers:
        segments = coarser(answer.segments)
        if segments is None:
            rest.append(answer)
        else:
            by_key[answer.tenant, answer.measurement, segments].append(answer)
    bundles = []
    for (tenant, measurement, segments), members in sorted(by_key.items()):
        if len(members) < MIN_BUNDLE:
            rest += members
            continue
        ids = tuple(sorted(answer.id for answer in members))
        day = max(answer.day for answer in members)
        bundles.append(AnswerBundle(tenant, measurement, segments, day, ids))
    return bundles, rest


def _rung(levels: int, *, touchpoint: bool) -> Callable[[Segments], Segments | None]:
    """Keeps so many levels of the organisation's path, and perhaps the touchpoint."""

    def coarser(segments: Segments) -> Segments | None:
        path = [
            segment
            for segment in segments
            if dimension_of(segment) == ORGANISATION and segment.count("/") < levels
        ]
        points = [segment for segment in segments if touchpoint and dimension_of(segment) == TOUCHPOINT]
        if bool(path) != bool(levels) or bool(points) != touchpoint:
            return None
        return tuple(segment for segment in segments if segment in path or segment in points)

    return coarser


_RUNGS = (
    *(_rung(levels, touchpoint=True) for levels in range(MAX_LEVELS, 0, -1)),
    *(_rung(levels, touchpoint=False) for levels in range(MAX_LEVELS, 0, -1)),
    _rung(0, touchpoint=True),
    _rung(0, touchpoint=False),
)
"""From the most that is kept to nothing but the company."""
