"""Outcomes, ways of contact and attributes, in the reader's language."""

import re

from services.alerts.cases.domain.closing import CASE_OUTCOMES, CLOSING_OUTCOMES, CONTACT_METHODS
from shared.events import CaseStage
from shared.pages.language import spoken
from shared.values.messages import Message, message

OUTCOME_LABELS = {
    "recovered": message("Recovered: the customer is content"),
    "explained": message("Explained: the customer knows why"),
    "not_solvable": message("Not solvable by us"),
    "lost": message("Lost"),
    "no_contact": message("Not reached: three tries by two ways over five days"),
    "duplicate": message("A duplicate of another case"),
}
STAGE_LABELS: dict[CaseStage, Message] = {
    "open": message("Nobody has it"),
    "assigned": message("Somebody has it"),
    "contacted": message("The customer was reached"),
    "in_progress": message("In progress"),
    "waiting_customer": message("Waits for the customer"),
    "reopened": message("Opened again"),
    "resolved": message("Solved, unless the customer objects"),
    "closed": message("Closed"),
    "no_contact": message("Closed: not reached"),
    "duplicate": message("Closed: a duplicate"),
    "withdrawn": message("Ended, since the customer was erased"),
}
CONTACT_LABELS = {
    "call": message("Call"),
    "mail": message("Mail from somewhere else"),
    "meeting": message("In person"),
}
REVEAL_LABELS = {
    ("address",): message("Show the address"),
    ("number",): message("Show the number"),
    ("address", "number"): message("Show the address and number"),
}
"""Of the button that shows what is known of the customer."""


def closing_options() -> list[tuple[str, str]]:
    """The outcomes that a case may be closed with, by code and label."""
    return [(code, spoken(OUTCOME_LABELS[code])) for code in CLOSING_OUTCOMES]


def outcome_options() -> list[tuple[str, str]]:
    """All outcomes, by code and label."""
    return [(code, spoken(OUTCOME_LABELS[code])) for code in CASE_OUTCOMES]


def contact_options() -> list[tuple[str, str]]:
    """The ways of contact, by code and label."""
    return [(code, spoken(CONTACT_LABELS[code])) for code in CONTACT_METHODS]


def attribute_label(name: str) -> str:
    """An attribute's name as people write it: order_id and orderId are Order id."""
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").replace("-", " ").split()
    label = " ".join(part if part.isupper() and len(part) > 1 else part.lower() for part in parts)
    return label[:1].upper() + label[1:]
