"""Rules, and what came of trying them, as the API answers them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from pydantic import BaseModel, Field

from services.alerts.rules.clocks import PRIORITIES, Priority
from services.alerts.rules.domain import CaseRule
from services.alerts.rules.rule_commands import SavedRules
from services.alerts.rules.trial import RulesTrial, TrialCase, TrialFigures
from shared.events.surveys import Measurement


class TimeLimitAnswer(BaseModel):
    """So many working days and hours."""

    days: int = 0
    hours: int = 0


class RecipientAnswer(BaseModel):
    """A team, a person, or everybody of a role."""

    team: UUID | None = None
    person: UUID | None = None
    role: str | None = None


class EscalationAnswer(BaseModel):
    """Who is told when a deadline has been missed for so long."""

    after: TimeLimitAnswer = TimeLimitAnswer()
    to: RecipientAnswer


class CaseRuleAnswer(BaseModel):
    """A rule."""

    name: str
    lowest: int
    highest: int
    words: list[str]
    wants_contact: bool
    segments: list[str]
    measurement: Measurement | None
    condition: dict[str, Any] | None
    priority: Priority
    to: RecipientAnswer | None
    first_contact: TimeLimitAnswer
    closing: TimeLimitAnswer
    warn_percent: int
    escalations: list[EscalationAnswer]

    @classmethod
    def of(cls, rule: CaseRule) -> "CaseRuleAnswer":
        """A rule as the API answers it."""
        facts = msgspec.to_builtins(rule)
        return cls.model_validate({**facts, **facts["clocks"]})


class CaseRulesAnswer(BaseModel):
    """A version of the rules."""

    version: int
    """0: the company has set none, and has these defaults."""
    saved_at: datetime | None
    saved_by: str
    rules: list[CaseRuleAnswer]
    account_manager: str | None
    handler: str | None

    @classmethod
    def of(cls, saved: SavedRules) -> "CaseRulesAnswer":
        """A version as the API answers it."""
        return cls(
            version=saved.version,
            saved_at=saved.saved_at,
            saved_by=saved.saved_by,
            rules=[CaseRuleAnswer.of(rule) for rule in saved.rules.rules],
            account_manager=saved.rules.account_manager,
            handler=saved.rules.handler,
        )


class RulesVersion(BaseModel):
    """Who saved a version, and when."""

    version: int
    saved_at: datetime
    saved_by: str


class RulesVersionList(BaseModel):
    """Versions of the rules, the newest first."""

    versions: list[RulesVersion]
    next: int | None = Field(default=None, description="Give it as `before` to get the next page.")


class TrialTeam(BaseModel):
    """Cases of one team."""

    team: UUID | None
    """Null: of none."""
    cases: int


class TrialDay(BaseModel):
    """Cases of one day."""

    day: date
    cases: int


class TrialFiguresAnswer(BaseModel):
    """Cases that would have been opened."""

    cases: int
    by_day: list[TrialDay]
    by_priority: dict[Priority, int]
    by_team: list[TrialTeam]

    @classmethod
    def of(cls, figures: TrialFigures) -> "TrialFiguresAnswer":
        """Figures as the API answers them."""
        return cls(
            cases=figures.cases,
            by_day=[TrialDay(day=day, cases=count) for day, count in sorted(figures.by_day.items())],
            by_priority={one: figures.by_priority[one] for one in PRIORITIES if figures.by_priority.get(one)},
            by_team=[
                TrialTeam(team=team, cases=count)
                for team, count in sorted(figures.by_team.items(), key=lambda one: (-one[1], str(one[0])))
            ],
        )


class TrialCaseAnswer(BaseModel):
    """What rules make of an answer."""

    rule: str
    priority: Priority
    team: UUID | None
    owner: UUID | None
    joins: bool
    """Whether it joins an open case of the same person."""

    @classmethod
    def of(cls, case: TrialCase | None) -> "TrialCaseAnswer | None":
        """The same as the API answers it; null: no case."""
        return cls.model_validate(msgspec.to_builtins(case)) if case is not None else None


class TrialExampleAnswer(BaseModel):
    """An answer of which the rules that are tried would make something else."""

    answer_id: UUID
    day: date
    score: int | None
    touchpoint: str | None
    was: TrialCaseAnswer | None
    would_be: TrialCaseAnswer | None


class RulesTrialAnswer(BaseModel):
    """What rules would have made of the answers of the last days, beside today's rules."""

    answers: int
    all_counted: bool
    """Whether these are all answers of the time, and not only the newest ones."""
    was: TrialFiguresAnswer
    would_be: TrialFiguresAnswer
    examples: list[TrialExampleAnswer]
    """The newest ones."""

    @classmethod
    def of(cls, trial: RulesTrial) -> "RulesTrialAnswer":
        """A result as the API answers it."""
        return cls(
            answers=trial.answers,
            all_counted=trial.all_counted,
            was=TrialFiguresAnswer.of(trial.was),
            would_be=TrialFiguresAnswer.of(trial.would_be),
            examples=[
                TrialExampleAnswer(
                    answer_id=one.answer.id,
                    day=one.day,
                    score=one.answer.score,
                    touchpoint=one.answer.touchpoint,
                    was=TrialCaseAnswer.of(one.was),
                    would_be=TrialCaseAnswer.of(one.would_be),
                )
                for one in trial.examples
            ],
        )
