"""What the page of rules shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from services.alerts.rules.clocks import PRIORITIES
from services.alerts.rules.forms import RulesForm
from services.alerts.rules.labels import PRIORITY_LABELS
from services.alerts.rules.setup import CompanySetup
from services.alerts.rules.trial import RulesTrial, TrialCase
from shared.pages.language import spoken, translated
from shared.pages.page import Page

Figure = tuple[str, int, int]
"""In words, how many there were by today's rules, and how many there would be."""


@dataclass(frozen=True, kw_only=True)
class TriedExample:
    """An answer of which something else would have been made."""

    day: date
    score: int
    touchpoint: str
    was: str
    would_be: str


@dataclass(frozen=True, kw_only=True)
class TriedCaseRules:
    """What the rules in the form would have made of the answers of the last days."""

    days: int
    answers: int
    all_counted: bool
    was: int
    would_be: int
    by_day: Sequence[tuple[date, int, int]]
    by_priority: Sequence[Figure]
    by_team: Sequence[Figure]
    examples: Sequence[TriedExample]

    @classmethod
    def of(cls, trial: RulesTrial, setup: CompanySetup, days: int) -> "TriedCaseRules":
        """A result as the page shows it."""
        was, then = trial.was, trial.would_be
        every_day = sorted({*was.by_day, *then.by_day}, reverse=True)
        teams = sorted({*was.by_team, *then.by_team}, key=lambda team: _team(setup, team))
        return cls(
            days=days,
            answers=trial.answers,
            all_counted=trial.all_counted,
            was=was.cases,
            would_be=then.cases,
            by_day=[(day, was.by_day.get(day, 0), then.by_day.get(day, 0)) for day in every_day],
            by_priority=[
                (spoken(PRIORITY_LABELS[one]), was.by_priority.get(one, 0), then.by_priority.get(one, 0))
                for one in PRIORITIES
                if one in was.by_priority or one in then.by_priority
            ],
            by_team=[
                (_team(setup, team), was.by_team.get(team, 0), then.by_team.get(team, 0)) for team in teams
            ],
            examples=[
                TriedExample(
                    day=one.day,
                    score=one.answer.score or 0,
                    touchpoint=one.answer.touchpoint or "",
                    was=_case(setup, one.was),
                    would_be=_case(setup, one.would_be),
                )
                for one in reversed(trial.examples)
            ],
        )


def _team(setup: CompanySetup, team: UUID | None) -> str:
    found = setup.teams.get(team) if team is not None else None
    return found.name if found is not None else translated("No team")


def _case(setup: CompanySetup, case: TrialCase | None) -> str:
    if case is None:
        return translated("no case")
    owner = setup.people.get(case.owner) if case.owner is not None else None
    whose = owner.name if owner is not None else _team(setup, case.team)
    facts = {"rule": case.rule, "priority": spoken(PRIORITY_LABELS[case.priority]), "whose": whose}
    if case.joins:
        return translated("joins a case: %(rule)s, %(priority)s, %(whose)s") % facts
    return translated("a case: %(rule)s, %(priority)s, %(whose)s") % facts


@dataclass(frozen=True, kw_only=True)
class RulesPage(Page):
    """The rules as a form, and what they would have made of past answers."""

    template: ClassVar[str] = "rules.html"
    form: RulesForm
    labels: dict[str, str]
    saved: str
    """By whom and when the newest version was saved; empty: these are the defaults."""
    priorities: list[tuple[str, str]]
    units: list[tuple[str, str]]
    wishes: list[tuple[str, str]]
    measurements: list[tuple[str, str]]
    operators: list[tuple[str, str]]
    recipients: list[tuple[str, str]]
    escalated_to: list[tuple[str, str]]
    sentence: Callable[[Any], str]
    """A condition in words."""
    tried: TriedCaseRules | None
    summary: list[tuple[str, str]]
    done: str
    may_edit: bool
