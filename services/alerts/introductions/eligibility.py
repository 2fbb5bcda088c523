"""Whether a promoter's answer opens a task to ask for an introduction, and why not. Pure rules."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

import msgspec

from services.alerts.calendars.working_time import TimeLimit
from services.alerts.cases.domain.case_rules import may_open
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.introductions.countries import introduction_rule
from shared.events import Answer
from shared.events.nps import group_of

NoTaskReason = Literal[
    "restored",
    "event_unknown",
    "no_account",
    "no_manager",
    "contact_refused",
    "no_permission",
    "case_open",
    "case_not_recovered",
    "unhappy_since",
    "asked_recently",
    "has_task",
]
"""Why an answer opened no task. ``restored``: the answer is read again after a restore, and the customer may
have been asked since the backup; ``has_task``: the customer or the account has one that is open."""
NO_TASK_REASONS: tuple[NoTaskReason, ...] = get_args(NoTaskReason)


class IntroductionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for the introductions of all companies."""

    asked_within: TimeLimit = TimeLimit(days=2)
    """48 hours, in working days of the team of the account manager."""
    asked_every: timedelta = timedelta(days=180)
    """A customer is asked once in this time."""
    not_recovered_within: timedelta = timedelta(days=30)
    """After a case that was closed otherwise than as recovered, a customer is not asked for this long."""
    considered_within: timedelta = timedelta(days=7)
    """What a customer said longer ago opens no task: the moment has passed."""
    results_within: timedelta = timedelta(days=90)
    """By when after the asking it is counted what came of it."""


INTRODUCTION_POLICY = IntroductionPolicy()


class PromoterKey(msgspec.Struct, frozen=True, kw_only=True):
    """By what a customer is known: as in cases, by pseudonym, id, and address where that is known."""

    person: str | None
    customer_id: str | None
    contact_key: str = ""

    def may_be(self, person: str | None, customer_id: str | None, contact_key: str) -> bool:
        """Whether this may be the same customer."""
        same = bool(person) and self.person == person
        same = same or (customer_id is not None and self.customer_id == customer_id)
        return same and (self.contact_key == contact_key or not self.contact_key or not contact_key)


@dataclass(frozen=True, kw_only=True)
class PromoterFacts:
    """What is known of a customer who gave 9 or 10, when it is decided whether they are asked."""

    answer: Answer
    has_event: bool
    account: str | None
    manager: UUID | None
    """Who is asked to do it: the account manager, or who stands in for them."""
    country: str | None
    case_open: bool
    case_not_recovered: bool
    """Whether a case was closed lately, and not as recovered."""
    unhappy_since: bool
    """Whether another answer of theirs that is newer is a detractor's."""
    asked_at: datetime | None
    """When they were asked last."""
    has_task: bool


def is_promoter(answer: Answer, policy: CasePolicy) -> bool:
    """Whether a known customer gave 9 or 10 just now, and no machine did."""
    if answer.score is None or group_of(answer.score) != "promoter":
        return False
    known = not answer.anonymous and (bool(answer.person) or answer.customer_id is not None)
    return known and answer.judgement != "machine" and answer.held is None and may_open(answer, policy)


def no_task_reason(facts: PromoterFacts, now: datetime, policy: IntroductionPolicy) -> NoTaskReason | None:
    """Why this answer opens no task; None: it opens one."""
    answer = facts.answer
    permitted = answer.may_contact is True or not introduction_rule(facts.country).needs_permission
    asked_lately = facts.asked_at is not None and facts.asked_at > now - policy.asked_every
    reasons: Collection[tuple[bool, NoTaskReason]] = (
        (not facts.has_event, "event_unknown"),
        (facts.account is None, "no_account"),
        (facts.manager is None, "no_manager"),
        (answer.may_contact is False, "contact_refused"),
        (not permitted, "no_permission"),
        (facts.case_open, "case_open"),
        (facts.case_not_recovered, "case_not_recovered"),
        (facts.unhappy_since, "unhappy_since"),
        (asked_lately, "asked_recently"),
        (facts.has_task, "has_task"),
    )
    return next((reason for holds, reason in reasons if holds), None)
