"""Erasures as sentences, for staff."""

from collections.abc import Sequence

from services.dispatcher.erasures.domain import NameField
from shared.pages.language import spoken, translated
from shared.values.messages import Message, message

SERVICES: dict[str, Message] = {
    "dispatcher": message("who is asked"),
    "collector": message("answers"),
    "scorer": message("scores"),
    "alerts": message("cases"),
}
"""What each service stores, as its part of an erasure is called."""
_ASKED_FOR: dict[tuple[NameField, ...], Message] = {
    ("customer_id",): message("By the customer id"),
    ("email",): message("By the address"),
    ("phone",): message("By the phone number"),
    ("customer_id", "email"): message("By the customer id and the address"),
    ("customer_id", "phone"): message("By the customer id and the phone number"),
    ("email", "phone"): message("By the address and the phone number"),
    ("customer_id", "email", "phone"): message("By the customer id, the address and the phone number"),
}


def asked_for_label(asked_for: Sequence[NameField], *, only_under_address: bool) -> str:
    """By what the customer was named; ``only_under_address``: the id has others, too."""
    words = spoken(_ASKED_FOR[tuple(asked_for)])
    return f"{words}. {translated('Only what came under that address.')}" if only_under_address else words
