"""The rules of a company: a list in order, of which the first that an answer meets opens a case.

A rule only ever adds cases. So an answer whose event is not known yet is judged by what is known, and again
when the event arrives: the same answers open cases, in whatever order things come.
"""

from typing import NamedTuple

import msgspec

from services.alerts.calendars.working_time import TimeLimit
from services.alerts.rules.clocks import Clocks, Priority, Recipient
from services.alerts.rules.words import found_words
from shared.conditions.event_fields import EventFields
from shared.conditions.judging import meets
from shared.events import Answer, segments_of
from shared.events.conditions import Condition
from shared.events.envelope import Data, Name, ScoreValue, Text
from shared.events.nps import HIGHEST_DETRACTOR
from shared.events.surveys import Measurement

MAX_SCORE = 10


class CaseRule(Data, frozen=True, kw_only=True):
    """One rule. What it does not name does not matter to it."""

    name: Name
    lowest: ScoreValue = 0
    highest: ScoreValue = MAX_SCORE
    words: tuple[Text, ...] = ()
    """Beginnings of words, or several words in a row: one of them must stand in what the customer wrote."""
    wants_contact: bool = False
    """Whether the customer must have asked to be contacted."""
    segments: tuple[Text, ...] = ()
    """The answer must belong to one of them."""
    measurement: Measurement | None = None
    condition: Condition | None = None
    """On the event that was asked about."""
    priority: Priority = "normal"
    to: Recipient | None = None
    """For whom its cases are; None: for whom the routing finds."""
    clocks: Clocks


class CaseRules(Data, frozen=True, kw_only=True):
    """All rules of a company, and how it finds out for whom a case is."""

    rules: tuple[CaseRule, ...]
    account_manager: Text | None = None
    """The field of the event that names the account manager, by mail address, name or id; None: nobody is."""
    handler: Text | None = None
    """The same of who handled the event: they get the case, together with the leader of their team."""

    @property
    def need_event(self) -> bool:
        """Whether anything of the event counts."""
        return (
            self.account_manager is not None
            or self.handler is not None
            or any(rule.condition is not None for rule in self.rules)
        )


class Reason(Data, frozen=True, kw_only=True, omit_defaults=True):
    """By what an answer meets a rule."""

    lowest: int
    highest: int
    word: str | None = None
    """The first of the rule's words that it has."""
    wants_contact: bool = False
    segment: str | None = None
    """The first of the rule's segments that it belongs to."""
    measurement: str | None = None
    event: bool = False
    """Whether the event had to meet a condition."""


class RuleMatch(NamedTuple):
    """A rule that an answer meets, and by what."""

    rule: CaseRule
    reason: Reason


def matching_rule(rules: CaseRules, answer: Answer, event: EventFields | None) -> RuleMatch | None:
    """The first rule that an answer with a score meets; ``event``: None while it is not known."""
    for rule in rules.rules:
        reason = _reason(rule, answer, event)
        if reason is not None:
            return RuleMatch(rule, reason)
    return None


def _reason(rule: CaseRule, answer: Answer, event: EventFields | None) -> Reason | None:
    if answer.score is None or not rule.lowest <= answer.score <= rule.highest:
        return None
    word = next(found_words(rule.words, answer), None)
    segment = (
        next((each for each in segments_of(answer) if each in rule.segments), None) if rule.segments else None
    )
    condition = rule.condition
    unmet = (
        (rule.wants_contact and answer.may_contact is not True)
        or rule.measurement not in {None, answer.measurement}
        or (bool(rule.words) and word is None)
        or (bool(rule.segments) and segment is None)
        or (condition is not None and (event is None or not meets(condition, event)))
    )
    if unmet:
        return None
    return Reason(
        lowest=rule.lowest,
        highest=rule.highest,
        word=word,
        wants_contact=rule.wants_contact,
        segment=segment,
        measurement=rule.measurement,
        event=condition is not None,
    )


MAX_URGENT_SCORE = 3
_WEEK = TimeLimit(days=7)
DEFAULT_RULES = CaseRules(
    rules=(
        CaseRule(
            name="Very unhappy",
            highest=MAX_URGENT_SCORE,
            priority="high",
            clocks=Clocks(first_contact=TimeLimit(days=1), closing=_WEEK),
        ),
        CaseRule(
            name="Unhappy",
            lowest=MAX_URGENT_SCORE + 1,
            highest=HIGHEST_DETRACTOR,
            clocks=Clocks(first_contact=TimeLimit(days=2), closing=_WEEK),
        ),
    )
)
"""Of a company that has set none."""


def default_clocks(score: int) -> Clocks:
    """The clocks of a case that was opened before there were rules, or came back from its event alone."""
    *_, last = DEFAULT_RULES.rules
    return next((rule for rule in DEFAULT_RULES.rules if score <= rule.highest), last).clocks


decode_rules = msgspec.json.Decoder(CaseRules).decode
