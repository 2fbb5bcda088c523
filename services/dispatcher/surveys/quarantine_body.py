"""``quarantine`` in the API: its days and its scope, beside ``quarantine_days``, by which it began."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from shared.events.surveys import (
    MAX_QUARANTINE_DAYS,
    NO_TRIGGER,
    Measurement,
    QuarantineScope,
    SurveyRules,
)
from shared.http.request_body import StrictBody
from shared.values.messages import message

DAYS_RULE, SCOPE_RULE = "quarantine_days", "quarantine_scope"
"""The rules that ``quarantine`` stands for."""


class QuarantineBody(StrictBody):
    """For how long the same contact is not asked again, and after which question."""

    days: Annotated[int | None, Field(ge=0, le=MAX_QUARANTINE_DAYS)] = Field(
        default=None,
        description="0: may be asked again at once. The same as `quarantine_days`. Left out in both, they "
        "are 90, or with a programme that comes sooner one less than its `every_days`.",
    )
    scope: QuarantineScope | None = Field(
        default=None,
        description="Which earlier question counts: of `any` survey, of one of the same `measurement`, one "
        "about the same `touchpoint`, or of this very `survey`. Left out, that of a new survey is "
        "`measurement` where it is relational, since its distance from surveys about single events is a rule "
        "of its own, or asks again after cases, since the first question would forbid it, and else `any`; "
        "one that is there keeps its own.",
    )


def standard_scope(measurement: Measurement) -> QuarantineScope:
    """That of a new survey for which none is chosen.

    A relational survey keeps its distance from the others by a rule of its own: did their mails count for its
    quarantine, too, whoever buys often would never be asked by it. Nor would the customer of a case be asked
    again, whom the first question was asked not long ago.
    """
    return "any" if measurement == "transactional" else "measurement"


def standard_days(every_days: int | None) -> int:
    """Those of a survey for which none are written: with a programme they are over before its next turn.

    :param every_days: the length of the programme's period; None: it has none.
    """
    standard = SurveyRules(trigger=NO_TRIGGER).quarantine_days
    return standard if every_days is None else min(standard, every_days - 1)


def check_days(given: Mapping[str, Any]) -> None:
    """Both ways to say the days must say the same, in the fields that were given.

    :raises ValueError: when they do not.
    """
    days, other = given.get("quarantine", {}).get("days"), given.get(DAYS_RULE)
    if days is not None and other is not None and days != other:
        raise ValueError(
            message(
                "quarantine.days is %(days)s and quarantine_days is %(other)s. Give one of them.",
                days=days,
                other=other,
            )
        )


def with_rules_of_quarantine(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a checked body with the rules that ``quarantine`` stands for in its place."""
    rules = {name: value for name, value in fields.items() if name != "quarantine"}
    given = fields.get("quarantine") or {}
    names = {"days": DAYS_RULE, "scope": SCOPE_RULE}
    return rules | {names[name]: value for name, value in given.items() if value is not None}


def with_quarantine(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an answer: ``quarantine`` beside the days alone."""
    fields = {name: value for name, value in rules.items() if name != SCOPE_RULE}
    return fields | {"quarantine": {"days": rules[DAYS_RULE], "scope": rules[SCOPE_RULE]}}


def patched(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a survey with those that a patch changes; days and scope are changed each alone."""
    given = {name: value for name, value in (wanted.get("quarantine") or {}).items() if value is not None}
    whole = {**current, **wanted, "quarantine": {"scope": current["quarantine"]["scope"], **given}}
    if "days" in given and wanted.get(DAYS_RULE) is None:
        del whole[DAYS_RULE]
    return whole
