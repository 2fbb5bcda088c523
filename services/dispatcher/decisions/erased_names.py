"""Names of a customer within other texts: a back-end's id of an event, or a reason that somebody writes."""

import re
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from shared.events import Customer
from shared.values.addresses import canonical_address
from shared.values.text import normalized_text

MIN_FREE_LENGTH = 6
"""A shorter id is a name only where no letter or digit is beside it: ``order-1742`` does not name ``17``."""
MIN_PHONE_DIGITS = 6
MIN_NAME_LETTERS = 3
MIN_UNUSUAL_LETTERS = 5
"""A shorter part of a name may be a word, too (Will, Post): it names only where it is written like a name."""


class CustomerNames(NamedTuple):
    """By what a customer may be named."""

    ids: Sequence[str] = ()
    emails: Sequence[str] = ()
    phones: Sequence[str] = ()
    names: Sequence[str] = ()


def names_of(customer: Customer, *more_ids: str) -> CustomerNames:
    """All names of a customer that tell one person from another."""
    return CustomerNames(
        ids=[customer.id, *more_ids],
        emails=[customer.email] if customer.email else (),
        phones=[customer.phone] if customer.phone else (),
    )


def is_named_in(text: str, names: CustomerNames) -> bool:
    """Whether the text contains one of the names, however it is written."""
    text = normalized_text(text)
    plain = text.casefold()
    ids = (normalized_text(each).casefold() for each in names.ids)
    if any(_has_id(plain, each) for each in ids if each):
        return True
    if any(_has_name(text, normalized_text(each)) for each in names.names):
        return True
    written = _parts(plain)
    if any(each.strip().casefold() in plain or canonical_address(each) in written for each in names.emails):
        return True
    digits = re.sub(r"\D", "", text)
    return any(_has_number(digits, re.sub(r"\D", "", each)) for each in names.phones)


def kept_source_id(source_id: str, event_id: UUID, names: CustomerNames) -> str:
    """The back-end's id of an event of an erased customer: ours in its place, where it names the customer.

    Our id is a hash of it that the row has in any case. What looks like an address is taken for one.
    """
    return str(event_id) if "@" in source_id or is_named_in(source_id, names) else source_id


def _parts(text: str) -> set[str]:
    return {canonical_address(part.strip(".,;:!?()<>[]\"'")) for part in text.split() if "@" in part}


def _has_id(text: str, name: str) -> bool:
    if len(name) >= MIN_FREE_LENGTH:
        return name in text
    return re.search(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", text) is not None


def _has_name(text: str, name: str) -> bool:
    """Whether a part of the name is a word of the text."""
    for part in re.findall(r"[^\W\d_]+", name):
        if len(part) < MIN_NAME_LETTERS:
            continue
        flags = re.IGNORECASE if len(part) >= MIN_UNUSUAL_LETTERS else re.NOFLAG
        if re.search(rf"\b{re.escape(part)}\b", text, flags):
            return True
    return False


def _has_number(digits: str, number: str) -> bool:
    """Whether the number is in the digits: at the least its last digits, without the country's code."""
    local = number[-max(MIN_PHONE_DIGITS, len(number) - 3) :]
    return len(local) >= MIN_PHONE_DIGITS and local in digits
