"""The draw of those whom a survey asks that asks only some."""

from hmac import digest
from uuid import UUID

from services.dispatcher.decisions.contacts import ContactKey
from shared.secrets import derive

ALL_PERCENT = 100
_PLACE_BITS = 64


def sampling_key(secret: str) -> bytes:
    """The key of all draws: without it nobody can tell beforehand who is drawn."""
    return derive(secret, "sampling")


def is_sampled(key: bytes, contact: ContactKey, survey_id: UUID, percent: int) -> bool:
    """Whether a survey that asks so many percent asks this contact.

    The same contact is always drawn alike for one survey, and independently for another one. A higher percent
    draws everybody whom a lower one does.
    """
    if percent >= ALL_PERCENT:
        return True
    about = f"{survey_id}/{contact.tenant}/{contact.key}".encode()
    place = int.from_bytes(digest(key, about, "sha256")[: _PLACE_BITS // 8])
    return place * ALL_PERCENT < percent << _PLACE_BITS
