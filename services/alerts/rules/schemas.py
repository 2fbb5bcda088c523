"""Rules as the API takes them."""

from typing import Annotated, Self
from uuid import UUID

import msgspec
from pydantic import AfterValidator, Field, model_validator

from services.alerts.calendars.working_time import TimeLimit
from services.alerts.rules.clocks import Clocks, Escalation, Priority, Recipient, RecipientRole
from services.alerts.rules.domain import MAX_SCORE, CaseRule, CaseRules
from services.alerts.teams.schemas import SegmentName
from shared.conditions.bodies import Conditions
from shared.events.conditions import Condition
from shared.events.surveys import Measurement
from shared.http.numbers import MAX_INTEGER
from shared.http.request_body import GivenName, StrictBody
from shared.values.messages import message
from shared.values.text import normalized_text

MAX_RULES = 30
MAX_WORDS = 100
MAX_LEVELS = 5
MAX_DAYS = 90
MAX_HOURS = 24 * MAX_DAYS
MAX_WARN_PERCENT = 99
FIELD_PATTERN = r"^(account\.manager|handled_by|(attributes|segments)\..*\S)$"


class TimeLimitBody(StrictBody):
    """So many working days and hours: of the team's calendar, or around the clock."""

    days: int = Field(default=0, ge=0, le=MAX_DAYS)
    hours: int = Field(default=0, ge=0, le=MAX_HOURS)

    def limit(self) -> TimeLimit:
        """The time limit that it states."""
        return TimeLimit(days=self.days, hours=self.hours)


def _not_nothing(limit: TimeLimitBody) -> TimeLimitBody:
    if not (limit.days or limit.hours):
        raise ValueError(message("Write how many days or hours, 1 or more."))
    return limit


SomeTime = Annotated[TimeLimitBody, AfterValidator(_not_nothing)]


class RecipientBody(StrictBody):
    """A team, a person, or everybody of a role: one of these."""

    team: Annotated[UUID | None, Field(strict=False)] = None
    person: Annotated[UUID | None, Field(strict=False)] = None
    role: RecipientRole | None = Field(
        default=None, description="`team_leader`: of the case's team; the others: all of them who may see it."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(one is not None for one in (self.team, self.person, self.role)) != 1:
            raise ValueError(message("Write a team, a person or a role: one of these."))
        return self

    def recipient(self) -> Recipient:
        """Whom it names."""
        return Recipient(team=self.team, person=self.person, role=self.role)


class EscalationBody(StrictBody):
    """One level: who is told when a deadline has been missed for so long."""

    after: TimeLimitBody = Field(default=TimeLimitBody(), description="Left out: as soon as it is missed.")
    to: RecipientBody


def _ordered(levels: list[EscalationBody]) -> list[EscalationBody]:
    times = [(each.after.days, each.after.hours) for each in levels]
    if times != sorted(set(times)):
        raise ValueError(message("Write the levels in order: each is of a later time than the one before."))
    return levels


MIN_WORD_LENGTH = 2


def _word(given: str) -> str:
    if len(word := normalized_text(given)) < MIN_WORD_LENGTH:
        raise ValueError(message("Is blank or too short. Write two letters at least."))
    return word


Word = Annotated[str, Field(min_length=MIN_WORD_LENGTH, max_length=100), AfterValidator(_word)]


class CaseRuleBody(StrictBody):
    """A rule: an answer that meets all that it names opens a case. What it does not name does not matter."""

    name: GivenName
    lowest: int = Field(default=0, ge=0, le=MAX_SCORE, description="The lowest score.")
    highest: int = Field(default=MAX_SCORE, ge=0, le=MAX_SCORE, description="The highest score.")
    words: Annotated[list[Word], Field(max_length=MAX_WORDS)] = Field(
        default=[],
        description="Beginnings of words, or several words in a row; one of them must stand in what the "
        "customer wrote. Capitals do not matter.",
    )
    wants_contact: bool = Field(default=False, description="Whether the customer must ask to be contacted.")
    segments: Annotated[list[SegmentName], Field(max_length=MAX_WORDS)] = Field(
        default=[], description="The answer must belong to one of them, such as `touchpoint:delivery`."
    )
    measurement: Measurement | None = None
    condition: Conditions = Field(
        default=None,
        description="On the event that was asked about, as in a survey: key accounts, for example. While the "
        "event is not known it is not met.",
    )
    priority: Priority = "normal"
    to: RecipientBody | None = Field(
        default=None, description="For whom its cases are; left out: for whom the routing finds."
    )
    first_contact: SomeTime
    closing: SomeTime
    warn_percent: int = Field(default=75, ge=0, le=MAX_WARN_PERCENT, description="0: no warning.")
    escalations: Annotated[list[EscalationBody], Field(max_length=MAX_LEVELS), AfterValidator(_ordered)] = [
        EscalationBody(to=RecipientBody(role="team_leader"))
    ]

    @model_validator(mode="after")
    def _scores_in_order(self) -> Self:
        if self.highest < self.lowest:
            raise ValueError(message("The highest score must not be lower than the lowest one."))
        return self

    def rule(self) -> CaseRule:
        """The rule that it states."""
        condition = self.condition.model_dump(exclude_none=True) if self.condition is not None else None
        return CaseRule(
            name=self.name,
            lowest=self.lowest,
            highest=self.highest,
            words=tuple(dict.fromkeys(self.words)),
            wants_contact=self.wants_contact,
            segments=tuple(dict.fromkeys(self.segments)),
            measurement=self.measurement,
            condition=msgspec.convert(condition, Condition) if condition is not None else None,
            priority=self.priority,
            to=self.to.recipient() if self.to is not None else None,
            clocks=Clocks(
                first_contact=self.first_contact.limit(),
                closing=self.closing.limit(),
                warn_percent=self.warn_percent,
                escalations=tuple(
                    Escalation(after=each.after.limit(), to=each.to.recipient()) for each in self.escalations
                ),
            ),
        )


def _named_apart(rules: list[CaseRuleBody]) -> list[CaseRuleBody]:
    if len({rule.name.casefold() for rule in rules}) < len(rules):
        raise ValueError(message("Two rules have the same name. Give each one of its own."))
    return rules


EventField = Annotated[str | None, Field(max_length=200, pattern=FIELD_PATTERN)]


class CaseRulesBody(StrictBody):
    """All rules in order: the first that an answer meets decides."""

    rules: Annotated[list[CaseRuleBody], Field(max_length=MAX_RULES), AfterValidator(_named_apart)]
    account_manager: EventField = Field(
        default=None,
        description="The field of the event that names the account manager by id, mail address or name, such "
        "as `account.manager` or `attributes.manager`. They get the case first. Left out: nobody does.",
    )
    handler: EventField = Field(
        default=None,
        description="The same of who handled the event, such as `handled_by`. They get the case next, "
        "together with the leader of their team, since they may be the one who is criticized.",
    )
    version: int | None = Field(
        default=None,
        ge=0,
        le=MAX_INTEGER,
        description="The version that you have read. When somebody has saved since, nothing is: 409.",
    )

    def rules_of_company(self) -> CaseRules:
        """The rules that it states."""
        return CaseRules(
            rules=tuple(rule.rule() for rule in self.rules),
            account_manager=self.account_manager,
            handler=self.handler,
        )


class RulesDryRunBody(CaseRulesBody):
    """Rules that are tried on the answers of the last days."""

    days: int = Field(default=14, ge=1, le=MAX_DAYS)
