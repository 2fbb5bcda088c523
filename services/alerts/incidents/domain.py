"""When cases are an incident: more than ten of one segment within ten minutes. Pure rules."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from shared.events.segments import WHOLE_COMPANY, chain_of
from shared.ids import derived


class IncidentPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How many cases, in which time, are an incident, and when it is over."""

    most_cases: int = 10
    """One case more is an incident."""
    within: timedelta = timedelta(minutes=10)
    ends_after: timedelta = timedelta(minutes=30)
    """Without another case."""
    counted_for: timedelta = timedelta(hours=48)
    """A case of an answer that is older opens no incident: nobody is told of it either."""


class CountedCase(NamedTuple):
    """A case as it counts: when its customer answered, and the segments that it belongs to."""

    tenant: str
    case_id: UUID
    said_at: datetime
    segments: tuple[str, ...]


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """Many cases of one segment."""

    tenant: str
    id: UUID
    segment: str
    case_id: UUID
    """The case by which it became one."""
    began_at: datetime
    """When the customer of its first case answered."""
    opened_at: datetime
    ended_at: datetime | None = None

    @property
    def belongs(self) -> list[str]:
        """The segment with those above it."""
        return chain_of(self.segment)


class CountResult(NamedTuple):
    """What new cases did."""

    opened: list[Incident]
    members: dict[UUID, UUID]
    """The incident of each case that belongs to one from now on, cases of before among them."""


class IncidentCount:
    """Counts the new cases of one company, one after the other."""

    def __init__(
        self,
        policy: IncidentPolicy,
        going_on: Sequence[Incident],
        before: Sequence[CountedCase],
        usual: Mapping[str, int],
    ) -> None:
        """:param before: cases of the minutes around the new ones that belong to no incident.
        :param usual: how many cases each segment had of late, for those that may be crowded.
        """
        self._policy = policy
        self._going_on = list(going_on)
        self._usual = usual
        self._times: dict[str, list[tuple[datetime, UUID]]] = {}
        self._counted: dict[UUID, CountedCase] = {}
        self._result = CountResult([], {})
        for case in before:
            self._add(case)

    def count(self, new: Sequence[CountedCase], now: datetime) -> CountResult:
        """Count these in the order in which their customers answered."""
        for case in sorted(new, key=lambda one: (one.said_at, one.case_id)):
            incident = self._incident_of(case)
            if incident is not None:
                self._result.members[case.case_id] = incident.id
                continue
            self._add(case)
            crowded = {
                segment: crowd
                for segment in named(case.segments)
                if (crowd := self._crowd(segment, case.said_at))
            }
            if crowded:
                segment = min(crowded, key=lambda one: self._specific_first(one, len(crowded[one])))
                self._open(segment, crowded[segment], case, now)
        return self._result

    def _incident_of(self, case: CountedCase) -> Incident | None:
        """The incident that a case belongs to: the first that is going on in one of its segments."""
        found = [
            one
            for one in self._going_on
            if one.segment in case.segments and case.said_at >= one.began_at - self._policy.within
        ]
        return min(found, key=lambda one: (one.opened_at, one.id), default=None)

    def _crowd(self, segment: str, at: datetime) -> list[UUID]:
        """The most cases of a segment in one span with this moment in it; none when these are not enough."""
        times, within = self._times[segment], self._policy.within
        best: list[UUID] = []
        first = bisect_left(times, at - within, key=_when)
        for start in range(first, bisect_right(times, at, key=_when)):
            end = bisect_right(times, times[start][0] + within, key=_when)
            if end - start > max(self._policy.most_cases, len(best)):
                best = [case for _, case in times[start:end]]
        return best

    def _specific_first(self, segment: str, crowd: int) -> tuple[int, int, int, str]:
        """The most specific segment is the one with the fewest cases now, then of late, then the deepest."""
        return crowd, self._usual.get(segment, 0), -segment.count("/"), segment

    def _open(self, segment: str, crowd: Sequence[UUID], by: CountedCase, now: datetime) -> None:
        incident = Incident(
            tenant=by.tenant,
            id=derived("incident", by.tenant, segment, str(by.case_id)),
            segment=segment,
            case_id=by.case_id,
            began_at=min(self._counted[case].said_at for case in crowd),
            opened_at=now,
        )
        self._going_on.append(incident)
        self._result.opened.append(incident)
        for case in crowd:
            self._result.members[case] = incident.id
            self._leave(self._counted[case])

    def _add(self, case: CountedCase) -> None:
        self._counted[case.case_id] = case
        for segment in named(case.segments):
            insort(self._times.setdefault(segment, []), (case.said_at, case.case_id))

    def _leave(self, case: CountedCase) -> None:
        for segment in named(case.segments):
            self._times[segment].remove((case.said_at, case.case_id))


def named(segments: Sequence[str]) -> list[str]:
    """The segments besides the whole company, which is no place where something happens."""
    return [segment for segment in segments if segment != WHOLE_COMPANY]


def may_be_crowded(policy: IncidentPolicy, cases: Sequence[CountedCase]) -> set[str]:
    """The segments with enough cases among these for an incident, whenever they were."""
    counts: dict[str, int] = {}
    for case in cases:
        for segment in named(case.segments):
            counts[segment] = counts.get(segment, 0) + 1
    return {segment for segment, number in counts.items() if number > policy.most_cases}


def _when(entry: tuple[datetime, UUID]) -> datetime:
    return entry[0]
