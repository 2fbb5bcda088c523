"""The causes of cases, in the reader's language."""

from shared.pages.language import spoken
from shared.values.causes import CAUSES
from shared.values.messages import message

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
