"""How a case ends: its causes and outcomes, and what is missing from a closing."""

from typing import Literal

import msgspec

from shared.values.messages import Count, Message, message

MAX_TEXT_CHARS = 10_000
"""Of a note, and of each other text that somebody writes about a case."""

CAUSES: dict[str, tuple[str, ...]] = {
    "delivery": ("late", "lost", "damaged", "wrong"),
    "product": ("quality", "fit", "missing_feature"),
    "price": ("level", "increase", "transparency"),
    "billing": ("wrong", "refund", "method"),
    "contact": ("wait", "unreachable", "no_callback"),
    "people": ("attitude", "competence"),
    "communication": ("missing", "wrong", "unclear"),
    "digital": ("bug", "login", "usability"),
    "process": ("effort", "return", "terms"),
}
CAUSE_CODES = (*(f"{theme}.{part}" for theme, parts in CAUSES.items() for part in parts), "other")
CaseOutcome = Literal["recovered", "explained", "not_solvable", "lost"]
CASE_OUTCOMES: tuple[CaseOutcome, ...] = ("recovered", "explained", "not_solvable", "lost")


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """What a case is closed with."""

    cause: str
    action: str
    outcome: CaseOutcome
    told: bool
    """Whether the customer has been told; the timeline's kind ``told`` is about colleagues."""


def closing_faults(cause: str, action: str, outcome: str, told: str) -> list[tuple[str, Message]]:
    """Everything that is missing from a closing form: each field with what to do."""
    faults: list[tuple[str, Message]] = []
    if cause not in CAUSE_CODES:
        faults.append(("cause", message("Choose a cause. Without it nobody learns from this case.")))
    faults += required_text_faults("action", action, message("Write what we did."))
    if outcome not in CASE_OUTCOMES:
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
