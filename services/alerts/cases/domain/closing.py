"""How a case ends: its outcomes, and what is missing from a closing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, get_args

import msgspec

from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.refusals import NotPossible
from shared.values.causes import CAUSE_CODES
from shared.values.messages import Count, Message, message

MAX_TEXT_CHARS = 10_000
"""Of a note, and of each other text that somebody writes about a case."""

ClosingOutcome = Literal["recovered", "explained", "not_solvable", "lost", "no_contact"]
CLOSING_OUTCOMES: tuple[ClosingOutcome, ...] = get_args(ClosingOutcome)
"""With which a case may be closed."""
CaseOutcome = ClosingOutcome | Literal["duplicate"]
CASE_OUTCOMES: tuple[CaseOutcome, ...] = (*CLOSING_OUTCOMES, "duplicate")
"""``duplicate`` is one that was merged into another case."""
ContactMethod = Literal["call", "mail", "meeting"]
CONTACT_METHODS: tuple[ContactMethod, ...] = get_args(ContactMethod)


class ContactTry(NamedTuple):
    """When and how somebody tried to speak to the customer."""

    at: datetime
    how: str


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """What a case is closed with."""

    cause: str
    action: str
    outcome: ClosingOutcome
    told: bool
    """Whether the customer has been told; the timeline's kind ``told`` is about colleagues."""


def closing_faults(cause: str, action: str, outcome: str, told: str) -> list[tuple[str, Message]]:
    """Everything that is missing from a closing form: each field with what to do."""
    faults: list[tuple[str, Message]] = []
    if cause not in CAUSE_CODES:
        faults.append(("cause", message("Choose a cause. Without it nobody learns from this case.")))
    faults += required_text_faults("action", action, message("Write what we did."))
    if outcome not in CLOSING_OUTCOMES:
        faults.append(("outcome", message("Choose how it ended.")))
    if told not in {"yes", "no"}:
        faults.append(("told", message("Say whether the customer has been told.")))
    return faults


def required_text_faults(field: str, text: str, missing: Message) -> list[tuple[str, Message]]:
    """What is wrong with a text that is required and bounded."""
    if not text.strip():
        return [(field, missing)]
    if len(text) > MAX_TEXT_CHARS:
        return [(field, message("Make it shorter: at most %(most)s characters.", most=Count(MAX_TEXT_CHARS)))]
    return []


def refuse_if_tried_too_little(
    tries: Sequence[ContactTry], reached_at: datetime | None, policy: CasePolicy
) -> None:
    """Refuse to end a case as one whose customer was not reached.

    :raises NotPossible: when they were, or have not been tried often enough, by enough ways, for long enough.
    """
    if reached_at is not None:
        raise NotPossible(message("The customer was reached. Choose another outcome."))
    times = [one.at for one in tries]
    by_enough = len({one.how for one in tries}) >= policy.no_contact_channels
    if (
        len(tries) < policy.no_contact_tries
        or not by_enough
        or max(times) - min(times) < policy.no_contact_spread
    ):
        raise NotPossible(
            message(
                "“Not reached” needs %(tries)s tries by %(ways)s ways over %(days)s days. Log each of them.",
                tries=Count(policy.no_contact_tries),
                ways=Count(policy.no_contact_channels),
                days=Count(policy.no_contact_spread.days),
            )
        )
