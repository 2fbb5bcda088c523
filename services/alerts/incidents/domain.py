"""When cases are an incident: more than ten of one segment within ten minutes; and how long. Pure rules."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from shared.events import People, is_person
from shared.events.segments import WHOLE_COMPANY, chain_of
from shared.ids import derived


class IncidentPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How many cases, in which time, are an incident, and when it is over."""

    most_cases: int = 10
    """One case more is an incident."""
    within: timedelta = timedelta(minutes=10)
    few: int = 5
    """With so many cases, or fewer, within ``few_within`` it is over."""
    few_within: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)
    """However many still come: they are another one then."""
    settles: timedelta = timedelta(minutes=10)
    """It ends no earlier than this after its last case was read: a backlog is read in parts."""
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
    runs_until: datetime
    """Until when it goes on, by what customers have said so far."""
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
    run_until: dict[UUID, datetime]
    """Until when each incident goes on that has got a case."""


class GoingOn:
    """An incident that goes on, with the times of its cases that decide until when."""

    def __init__(self, policy: IncidentPolicy, incident: Incident, times: Sequence[datetime]) -> None:
        """:param times: of its cases of the last ``few_within`` before ``incident.runs_until``, or more."""
        self.incident = incident
        self.until = incident.runs_until
        self._policy = policy
        self._times = sorted(times)

    def takes(self, case: CountedCase) -> bool:
        """Whether the customer of a case of its segment answered while it went on, or just before."""
        begins = self.incident.began_at - self._policy.within
        return self.incident.segment in case.segments and begins <= case.said_at <= self.until

    def add(self, case: CountedCase) -> None:
        """Count a case that it takes: it may go on for longer by it."""
        if case.said_at >= self.until - self._policy.few_within:
            insort(self._times, case.said_at)
            ends = max(self.until, runs_until(self._policy, self._times))
            self.until = min(ends, self.incident.began_at + self._policy.longest)


class IncidentCount:
    """Counts the new cases of one company, one after the other."""

    def __init__(
        self,
        policy: IncidentPolicy,
        going_on: Sequence[GoingOn],
        before: Sequence[CountedCase],
        usual: Mapping[str, int],
    ) -> None:
        """Cases have the segments of :func:`of_places` alone.

        :param before: cases of the minutes around the new ones that belong to no incident.
        :param usual: how many cases each segment had of late, for those that may be crowded.
        """
        self._policy = policy
        self._going_on = list(going_on)
        self._usual = usual
        self._times: dict[str, list[tuple[datetime, UUID]]] = {}
        self._counted: dict[UUID, CountedCase] = {}
        self._result = CountResult([], {}, {})
        for case in before:
            self._add(case)

    def count(self, new: Sequence[CountedCase], now: datetime) -> CountResult:
        """Count these in the order in which their customers answered."""
        for case in sorted(new, key=lambda one: (one.said_at, one.case_id)):
            self._count(case, now)
        return self._result

    def _count(self, case: CountedCase, now: datetime) -> None:
        going_on = self._incident_of(case)
        if going_on is not None:
            going_on.add(case)
            self._join(case.case_id, going_on)
            return
        self._add(case)
        crowded = {
            segment: crowd for segment in case.segments if (crowd := self._crowd(segment, case.said_at))
        }
        if crowded:
            segment = min(crowded, key=lambda one: self._specific_first(one, len(crowded[one])))
            self._open(segment, crowded[segment], case, now)

    def _incident_of(self, case: CountedCase) -> GoingOn | None:
        """The incident that a case belongs to: the first that goes on in one of its segments."""
        found = [one for one in self._going_on if one.takes(case)]
        return min(found, key=lambda one: (one.incident.opened_at, one.incident.id), default=None)

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
        times = sorted(self._counted[case].said_at for case in crowd)
        incident = Incident(
            tenant=by.tenant,
            id=derived("incident", by.tenant, segment, str(by.case_id)),
            segment=segment,
            case_id=by.case_id,
            began_at=times[0],
            opened_at=now,
            runs_until=runs_until(self._policy, times),
        )
        going_on = GoingOn(self._policy, incident, times)
        self._going_on.append(going_on)
        self._result.opened.append(incident)
        for case in crowd:
            self._join(case, going_on)
            self._leave(self._counted[case])

    def _join(self, case: UUID, going_on: GoingOn) -> None:
        self._result.members[case] = going_on.incident.id
        self._result.run_until[going_on.incident.id] = going_on.until

    def _add(self, case: CountedCase) -> None:
        self._counted[case.case_id] = case
        for segment in case.segments:
            insort(self._times.setdefault(segment, []), (case.said_at, case.case_id))

    def _leave(self, case: CountedCase) -> None:
        for segment in case.segments:
            self._times[segment].remove((case.said_at, case.case_id))


def of_places(people: People, case: CountedCase) -> CountedCase:
    """The case with the segments in which something can happen: not the whole company, and no employee."""
    places = (one for one in case.segments if one != WHOLE_COMPANY and not is_person(people, one))
    return case._replace(segments=tuple(places))


def runs_until(policy: IncidentPolicy, times: Sequence[datetime]) -> datetime:
    """When the cases of an incident become few: the first moment with no more than that in the time before.

    :param times: in order, one at least.
    """
    until = times[0]
    for place, at in enumerate(times):
        until = at + policy.few_within  # when this one counts no more
        enough = place + policy.few + 1
        if enough >= len(times) or times[enough] > until:
            break
    return until


def may_be_crowded(policy: IncidentPolicy, cases: Sequence[CountedCase]) -> set[str]:
    """The segments with enough cases among these for an incident, whenever they were."""
    counts: dict[str, int] = {}
    for case in cases:
        for segment in case.segments:
            counts[segment] = counts.get(segment, 0) + 1
    return {segment for segment, number in counts.items() if number > policy.most_cases}


def _when(entry: tuple[datetime, UUID]) -> datetime:
    return entry[0]
