"""Which anonymous answers are counted, and as what: at least five at a time, as if they were alike. Pure.

**The rule.** An anonymous answer waits, uncounted and unseen, until it belongs to a *group*: at least
``MIN_GROUP`` answers of one company and measurement that from then on have the same segments and the same
day. A group is counted at once and never changes. So whatever is asked of the counts (any segments, any
windows, at any two moments), each group lies in the result as a whole or not at all; and so it does in every
sum and difference of results. No subtraction leaves one to four answers.

Answers with the same segments make a group as soon as there are enough. Those that have waited for
``MAX_WAIT`` are merged further up: they keep only the segments that enough of them share.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from shared.events.segments import MAX_LEVELS, ORGANISATION, dimension_of

MIN_GROUP = 5
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


class AnswerGroup(NamedTuple):
    """Answers that are counted together."""

    tenant: str
    measurement: str
    segments: Segments
    """The segments that each of them counts in, beside the company."""
    day: date
    """The day for which each of them counts: the last of theirs."""
    answers: tuple[UUID, ...]


def groups_of(waiting: Sequence[WaitingAnswer], today: date) -> list[AnswerGroup]:
    """The groups that can be counted now; no answer is in two of them."""
    alike, rest = _grouped(waiting, lambda segments: segments)
    found = alike
    overdue = [answer for answer in rest if answer.day < today - MAX_WAIT]
    for coarser in _RUNGS:
        merged, overdue = _grouped(overdue, coarser)
        found += merged
    return found


def _grouped(
    answers: Iterable[WaitingAnswer], coarser: Callable[[Segments], Segments | None]
) -> tuple[list[AnswerGroup], list[WaitingAnswer]]:
    """The groups of those that are alike by the segments that ``coarser`` leaves, and the rest.

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
    groups = []
    for (tenant, measurement, segments), members in sorted(by_key.items()):
        if len(members) < MIN_GROUP:
            rest += members
            continue
        ids = tuple(sorted(answer.id for answer in members))
        day = max(answer.day for answer in members)
        groups.append(AnswerGroup(tenant, measurement, segments, day, ids))
    return groups, rest


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
