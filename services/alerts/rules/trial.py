"""What rules would have made of past answers, beside what today's rules would: by the code of the decision.

Both are judged alike: an answer of a person joins a case of theirs that was opened less than its time for
closing before. What is known of each answer is its newest version.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from services.alerts.calendars.working_time import after
from services.alerts.cases.domain.case_rules import opening_version
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.rules.clocks import Priority
from services.alerts.rules.setup import CompanySetup
from services.alerts.teams.routing import route
from shared.conditions.event_fields import EventFields
from shared.events import Answer, Invitation

MAX_EXAMPLES = 10


class PastAnswer(NamedTuple):
    """An answer with its event, as far as that is known, and the day on which it came."""

    answer: Answer
    event: Invitation | None
    day: date


class TrialCase(msgspec.Struct, frozen=True, kw_only=True):
    """What rules make of an answer."""

    rule: str
    priority: Priority
    team: UUID | None
    owner: UUID | None
    joins: bool
    """Whether it joins an open case."""


class TrialExample(NamedTuple):
    """An answer of which the rules that are tried would make something else."""

    answer: Answer
    day: date
    was: TrialCase | None
    would_be: TrialCase | None


class TrialFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Cases that would have been opened."""

    cases: int
    by_day: dict[date, int]
    by_priority: dict[Priority, int]
    by_team: dict[UUID | None, int]


class RulesTrial(msgspec.Struct, frozen=True, kw_only=True):
    """The result."""

    answers: int
    all_counted: bool
    was: TrialFigures
    would_be: TrialFigures
    examples: list[TrialExample]


def try_rules(
    answers: Sequence[PastAnswer],
    current: CompanySetup,
    tried: CompanySetup,
    policy: CasePolicy,
    *,
    all_counted: bool,
) -> RulesTrial:
    """Judge answers, from the oldest on, by two setups that differ in their rules."""
    was, would_be = _judged(answers, current, policy), _judged(answers, tried, policy)
    examples = [
        TrialExample(one.answer, one.day, before, then)
        for one, before, then in zip(answers, was, would_be, strict=True)
        if before != then
    ]
    return RulesTrial(
        answers=len(answers),
        all_counted=all_counted,
        was=_figures(answers, was),
        would_be=_figures(answers, would_be),
        examples=examples[-MAX_EXAMPLES:],
    )


def _judged(answers: Sequence[PastAnswer], setup: CompanySetup, policy: CasePolicy) -> list[TrialCase | None]:
    open_until: dict[tuple[str, str], datetime] = {}
    return [_case_of(one, setup, policy, open_until) for one in answers]


def _case_of(
    past: PastAnswer, setup: CompanySetup, policy: CasePolicy, open_until: dict[tuple[str, str], datetime]
) -> TrialCase | None:
    answer, event = past.answer, past.event
    opening = opening_version([answer], policy, setup.rules, EventFields(event) if event else None)
    if opening is None:
        return None
    rule, at = opening.match.rule, opening.answer.changed_at
    found = route(setup, rule, answer, event, at)
    person = (answer.person or answer.customer_id or str(answer.id), answer.contact_key or "")
    joins = person in open_until and at < open_until[person]
    if not joins:
        calendar = setup.calendar_of(found.team)
        open_until[person] = after(calendar, at, rule.clocks.closing.length(calendar))
    return TrialCase(rule=rule.name, priority=rule.priority, team=found.team, owner=found.owner, joins=joins)


def _figures(answers: Sequence[PastAnswer], judged: Sequence[TrialCase | None]) -> TrialFigures:
    opened = [
        (past.day, case)
        for past, case in zip(answers, judged, strict=True)
        if case is not None and not case.joins
    ]
    return TrialFigures(
        cases=len(opened),
        by_day=Counter(day for day, _ in opened),
        by_priority=Counter(case.priority for _, case in opened),
        by_team=Counter(case.team for _, case in opened),
    )
