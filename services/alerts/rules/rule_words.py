"""What a rule says, in words of the reader's language, where it is shown and not edited."""

from collections.abc import Mapping

from services.alerts.calendars.working_time import TimeLimit
from services.alerts.rules.clocks import Clocks, Recipient
from services.alerts.rules.domain import CaseRule
from services.alerts.rules.labels import (
    GONE_PERSON,
    GONE_TEAM,
    MEASUREMENT_LABELS,
    PRIORITY_LABELS,
    ROLE_RECIPIENTS,
    RULE_LABELS,
    WISH_LABELS,
)
from services.alerts.rules.setup import CompanySetup
from shared.conditions.labels import condition_sentence
from shared.pages.filters import segment_shown
from shared.pages.language import counted, spoken, translated
from shared.values.messages import Message, message

PART_LABELS: Mapping[str, Message] = {
    "scores": message("Scores"),
    "contact": RULE_LABELS["contact"],
    "measurement": RULE_LABELS["measurement"],
    "words": message("Words"),
    "segments": message("Segments"),
    "condition": RULE_LABELS["condition"],
    "priority": RULE_LABELS["priority"],
    "to": RULE_LABELS["to"],
    "first": RULE_LABELS["first"],
    "close": RULE_LABELS["close"],
    "warn": message("Reminder"),
    "late": message("When it is late"),
}
"""Of what a rule says, in this order."""


def rule_words(rule: CaseRule, setup: CompanySetup) -> dict[str, str]:
    """What a rule says by the keys of ``PART_LABELS``, without what does not matter to it."""
    said = {
        "scores": _scores(rule),
        "contact": spoken(WISH_LABELS["yes"]) if rule.wants_contact else "",
        "measurement": spoken(MEASUREMENT_LABELS[rule.measurement]) if rule.measurement else "",
        "words": ", ".join(rule.words),
        "segments": ", ".join(map(segment_shown, rule.segments)),
        "condition": condition_sentence(rule.condition) if rule.condition is not None else "",
        "priority": spoken(PRIORITY_LABELS[rule.priority]),
        "to": recipient_words(rule.to, setup)
        if rule.to is not None
        else translated("Whom the routing finds"),
        "first": limit_words(rule.clocks.first_contact),
        "close": limit_words(rule.clocks.closing),
        "warn": _warning(rule.clocks),
        "late": _escalations(rule.clocks, setup),
    }
    return {key: words for key, words in said.items() if words}


def recipient_words(to: Recipient, setup: CompanySetup) -> str:
    """Whom something is for; one that is gone is called so."""
    if to.role is not None:
        return spoken(ROLE_RECIPIENTS[to.role])
    if to.team is not None:
        name = setup.team_name(to.team)
        return translated("The team %(name)s") % {"name": name} if name else spoken(GONE_TEAM)
    person = setup.people.get(to.person) if to.person is not None else None
    return person.name if person is not None and person.works_on_cases else spoken(GONE_PERSON)


def limit_words(limit: TimeLimit) -> str:
    """A time limit, such as “1 working day and 4 working hours”."""
    parts = []
    if limit.days:
        days = counted("%(num)s working day", "%(num)s working days", limit.days)
        parts.append(days % {"num": limit.days})
    if limit.hours:
        hours = counted("%(num)s working hour", "%(num)s working hours", limit.hours)
        parts.append(hours % {"num": limit.hours})
    return f" {translated('and')} ".join(parts) or translated("at once")


def _scores(rule: CaseRule) -> str:
    if rule.lowest == rule.highest:
        return str(rule.lowest)
    return translated("%(lowest)s to %(highest)s") % {"lowest": rule.lowest, "highest": rule.highest}


def _warning(clocks: Clocks) -> str:
    if not clocks.warn_percent:
        return translated("none")
    return translated("after %(share)s of the time") % {"share": f"{clocks.warn_percent}\u00a0%"}


def _escalations(clocks: Clocks, setup: CompanySetup) -> str:
    levels = [
        translated("%(whom)s (%(after)s)")
        % {"whom": recipient_words(level.to, setup), "after": limit_words(level.after)}
        for level in clocks.escalations
    ]
    return "; ".join(levels) or translated("Nobody")
