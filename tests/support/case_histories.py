"""Random histories of cases, made by the acts of the domain, and what they come to counted one by one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from support.alerts_builders import POLICY, a_new_case, an_answer

from services.alerts.calendars.domain import Calendar
from services.alerts.calendars.working_time import between
from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.closing import CLOSING_OUTCOMES, Closing
from services.alerts.cases.domain.refusals import NotDone, NotPossible
from services.alerts.cases.domain.timeline import Entries
from services.alerts.team_figures.domain import POLICY as FIGURES

CAUSES_USED = ("delivery.late", "price.level", "other")


@dataclass
class CaseHistory:
    """A case, what happened to it, and the segments of each of its answers."""

    case: CaseFile
    answers: list[list[str]]
    wants_contact: bool
    calendar: Calendar | None
    entries: Entries = field(default_factory=list)

    def _at(self, *kinds: str, **facts: Any) -> list[datetime]:
        return [
            one.at
            for one in self.entries
            if one.kind in kinds and all(one.facts.get(name) == value for name, value in facts.items())
        ]

    @property
    def contacted_at(self) -> datetime | None:
        return next(iter(self._at("contact", reached=True)), None)

    @property
    def reopened(self) -> bool:
        return bool(self._at("reopened"))

    @property
    def end(self) -> tuple[datetime, str | None, str | None] | None:
        """When, with which outcome and cause it ended, and was not opened again."""
        end: tuple[datetime, str | None, str | None] | None = None
        for one in self.entries:
            if one.kind == "reopened":
                end = None
            elif one.kind == "closed":
                end = (one.at, one.facts["outcome"], one.facts["cause"])
            elif one.kind == "merged":
                end = (one.at, "duplicate", None)
            elif one.kind == "erased" and end is None:
                end = (one.at, None, None)
        return end

    @property
    def waits_since(self) -> datetime | None:
        since: datetime | None = None
        for one in self.entries:
            if one.kind == "waiting":
                since = since or one.at
            elif one.kind in {"resumed", "closed", "merged", "erased"}:
                since = None
        return since

    @property
    def contactable(self) -> bool:
        merged = self.end is not None and self.end[1] == "duplicate"
        return self.contacted_at is not None or (
            self.wants_contact and not self.case.anonymous and not self._at("erased") and not merged
        )

    def due(self, now: datetime) -> bool:
        if self.contacted_at is not None:
            return True
        stopped = [at for at in (self.end[0] if self.end else None, self.waits_since, now) if at is not None]
        return self.contactable and self.case.contact_due_at <= min(stopped)

    def readable(self, segments: Sequence[str]) -> bool:
        return not segments or any(set(one) & set(segments) for one in self.answers)

    def closing(self, segments: Sequence[str]) -> tuple[str | None, str | None]:
        """The outcome and cause, where the reader reads each answer."""
        if self.end is None or (segments and not all(set(one) & set(segments) for one in self.answers)):
            return None, None
        return self.end[1], self.end[2]


def a_history(
    random: Random,
    tenant: str,
    begin: datetime,
    people: Sequence[Actor],
    teams: Sequence[tuple[UUID | None, Calendar | None]],
) -> CaseHistory:
    """A case that was opened within sixty days after an instant, and up to eight acts on it."""
    at = begin + timedelta(seconds=random.randrange(60 * 86_400))
    answers = [[f"organisation:{random.choice('abc')}"] for _ in range(random.choice((1, 1, 2)))]
    wants = random.choice((None, True, False))
    answer = an_answer(score=random.randrange(7), answered_at=at, changed_at=at, may_contact=wants)
    case = a_new_case(answer, at)
    case.tenant, case.anonymous = tenant, random.random() < 0.1
    case.team_id, calendar = random.choice(teams)
    case.belongs = sorted({segment for one in answers for segment in one})
    history = CaseHistory(case, answers, wants is not False, calendar)
    other = a_new_case(an_answer(), at)
    for _ in range(random.randrange(9)):
        at += timedelta(minutes=random.randrange(3 * 1440))
        who = random.choice(people)
        act = random.choice(_ACTS)
        try:
            act(case, history.entries, at, who, random, other)
        except (NotDone, NotPossible):
            continue
    return history


def _take(case: CaseFile, entries: Entries, at: datetime, who: Actor, _: Random, __: CaseFile) -> None:
    case.assign(entries, at, who, who, None, POLICY)


def _contact(case: CaseFile, entries: Entries, at: datetime, who: Actor, random: Random, _: CaseFile) -> None:
    case.contact(entries, at, who, "call", random.random() < 0.7, "Called.", None)


def _wait(case: CaseFile, entries: Entries, at: datetime, who: Actor, _: Random, __: CaseFile) -> None:
    until = at + timedelta(days=5)
    case.wait(entries, at, who, until, "So.", None, None, POLICY, None, may_assign=True)


def _go_on(case: CaseFile, entries: Entries, at: datetime, who: Actor, _: Random, __: CaseFile) -> None:
    case.go_on(entries, at, who, None)


def _close(case: CaseFile, entries: Entries, at: datetime, who: Actor, random: Random, _: CaseFile) -> None:
    outcomes = [one for one in CLOSING_OUTCOMES if one != "no_contact"]
    closing = Closing(
        cause=random.choice(CAUSES_USED), action="So.", outcome=random.choice(outcomes), told=True
    )
    case.close(entries, at, who, closing, None, None, POLICY)


def _reopen(case: CaseFile, entries: Entries, at: datetime, who: Actor, _: Random, __: CaseFile) -> None:
    case.reopen(entries, at, who, "So.", None, None, POLICY, None)


def _merge(case: CaseFile, entries: Entries, at: datetime, who: Actor, _: Random, other: CaseFile) -> None:
    case.merge(entries, at, who, other, None, None, POLICY)


def _erase(case: CaseFile, entries: Entries, at: datetime, _: Actor, random: Random, __: CaseFile) -> None:
    if random.random() < 0.3:
        case.erase(entries, at)


_ACTS: tuple[Callable[[CaseFile, Entries, datetime, Actor, Random, CaseFile], None], ...] = (
    *(_take, _take, _contact, _contact, _wait, _go_on, _close, _close, _close, _reopen, _merge, _erase),
)


def counted_one_by_one(
    found: Sequence[CaseHistory], segments: Sequence[str], now: datetime
) -> dict[str, Any]:
    """The figures of these cases, as far as the reader may see them."""
    seen = [one for one in found if one.readable(segments)]
    closings = [one.closing(segments) for one in seen]
    outcomes = [outcome for outcome, _ in closings if outcome is not None]
    contacts = [(one, one.contacted_at) for one in seen if one.contacted_at is not None]
    ends = [
        (one, one.end[0]) for one in seen if one.end is not None and one.end[1] not in {None, "duplicate"}
    ]
    return {
        "cases": len(seen),
        "contactable": sum(one.contactable for one in seen),
        "contacted": len(contacts),
        "due": sum(one.due(now) for one in seen),
        "in_time": sum(at <= one.case.contact_due_at for one, at in contacts),
        "ended": len({id(one) for one, _ in ends} | {id(one) for one in seen if one.reopened}),
        "reopened": sum(one.reopened for one in seen),
        "outcomes": {name: outcomes.count(name) for name in (*CLOSING_OUTCOMES, "duplicate")},
        "closed": len([one for one in outcomes if one != "duplicate"]),
        "with_cause": len([cause for _, cause in closings if cause is not None]),
        "to_contact": _spread([_plain(one, at) for one, at in contacts]),
        "to_contact_working": _spread([_working(one, at) for one, at in contacts if one.calendar]),
        "to_close": _spread([_plain(one, at) for one, at in ends]),
        "to_close_working": _spread([_working(one, at) for one, at in ends if one.calendar]),
    }


def causes_one_by_one(found: Sequence[CaseHistory], segments: Sequence[str]) -> dict[str, int]:
    """How often each cause is given."""
    causes = [one.closing(segments)[1] for one in found if one.readable(segments)]
    return {cause: causes.count(cause) for cause in causes if cause is not None}


def _plain(one: CaseHistory, at: datetime) -> float:
    return (at - one.case.opened_at) / timedelta(hours=1)


def _working(one: CaseHistory, at: datetime) -> float:
    return between(one.calendar, one.case.opened_at, at) / timedelta(hours=1)


def _spread(hours: list[float]) -> tuple[int, float | None, float | None]:
    if len(hours) < FIGURES.min_cases:
        return len(hours), None, None
    return len(hours), _percentile(hours, 0.5), _percentile(hours, 0.9)


def _percentile(values: list[float], part: float) -> float:
    """Between the two nearest, as far as it is from each."""
    ordered, place = sorted(values), part * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
