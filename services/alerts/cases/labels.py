"""Causes, outcomes, ways of contact and attributes, in the reader's language."""

import re

from services.alerts.cases.domain.closing import CASE_OUTCOMES, CAUSES, CLOSING_OUTCOMES, CONTACT_METHODS
from shared.events import CaseStage
from shared.pages.language import spoken
from shared.values.messages import Message, message

CAUSE_LABELS = {
    "delivery": message("Delivery"),
    "delivery.late": message("Delivery: late"),
    "delivery.lost": message("Delivery: lost"),
    "delivery.damaged": message("Delivery: damaged"),
    "delivery.wrong": message("Delivery: wrong"),
    "product": message("Product"),
    "product.quality": message("Product: quality"),
    "product.fit": message("Product: fit"),
    "product.missing_feature": message("Product: missing feature"),
    "price": message("Price"),
    "price.level": message("Price: level"),
    "price.increase": message("Price: increase"),
    "price.transparency": message("Price: transparency"),
    "billing": message("Billing"),
    "billing.wrong": message("Billing: wrong"),
    "billing.refund": message("Billing: refund"),
    "billing.method": message("Billing: method"),
    "contact": message("Contact"),
    "contact.wait": message("Contact: wait"),
    "contact.unreachable": message("Contact: unreachable"),
    "contact.no_callback": message("Contact: no call-back"),
    "people": message("People"),
    "people.attitude": message("People: attitude"),
    "people.competence": message("People: competence"),
    "communication": message("Communication"),
    "communication.missing": message("Communication: missing"),
    "communication.wrong": message("Communication: wrong"),
    "communication.unclear": message("Communication: unclear"),
    "digital": message("Digital"),
    "digital.bug": message("Digital: bug"),
    "digital.login": message("Digital: login"),
    "digital.usability": message("Digital: usability"),
    "process": message("Process"),
    "process.effort": message("Process: effort"),
    "process.return": message("Process: return"),
    "process.terms": message("Process: terms"),
    "other": message("Other"),
}
"""Of themes and causes."""
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


def cause_label(code: str) -> str:
    """delivery.late: Delivery: late."""
    return spoken(CAUSE_LABELS[code]) if code in CAUSE_LABELS else code


def cause_options() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The causes that a case may be closed with: code and label of each theme, and of each of its causes."""
    return [
        (
            theme,
            cause_label(theme),
            [(code, cause_label(code)) for code in (f"{theme}.{part}" for part in parts)],
        )
        for theme, parts in CAUSES.items()
    ]


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
