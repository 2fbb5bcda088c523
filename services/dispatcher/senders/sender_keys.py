"""The private keys of senders: made here, sealed in the database, and opened to sign."""

from functools import lru_cache
from secrets import choice
from uuid import UUID

from services.dispatcher.senders.domain import CompanySender
from shared.mail.dkim import DomainKey
from shared.sealed import SealBroken, seal, unseal
from shared.values.dkim_keys import DkimKey, new_key, read_keys

_SELECTOR_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_SELECTOR_LENGTH = 8


def make_key() -> DkimKey:
    """A new key under a selector that no other installation has; run it in a thread."""
    return new_key("aw-" + "".join(choice(_SELECTOR_LETTERS) for _ in range(_SELECTOR_LENGTH)))


def sealed_key(secret: str, tenant: str, sender_id: UUID, key: DkimKey) -> bytes:
    """The key as it is stored, of use to this sender alone."""
    return seal(secret, _about(tenant, sender_id, key.selector), key.written().encode())


@lru_cache(maxsize=1_000)  # reading a key takes as long as signing with it
def opened_key(secret: str, tenant: str, sender_id: UUID, selector: str, sealed: bytes) -> DkimKey | None:
    """The key; None when it was sealed with another secret."""
    try:
        return read_keys(unseal(secret, _about(tenant, sender_id, selector), sealed).decode())[0]
    except SealBroken:
        return None


def keys_of(secret: str, sender: CompanySender) -> list[DkimKey]:
    """The keys of a sender that can be opened, the newest first."""
    found = (opened_key(secret, sender.tenant, sender.id, key.selector, key.sealed) for key in sender.keys)
    return [key for key in found if key is not None]


def signing_key(secret: str, sender: CompanySender) -> DomainKey | None:
    """The key that signs mails of this sender; None when there is none, or it cannot be opened."""
    if sender.signing is None:
        return None
    key = opened_key(secret, sender.tenant, sender.id, sender.signing.selector, sender.signing.sealed)
    return DomainKey(sender.domain, key) if key is not None else None


def _about(tenant: str, sender_id: UUID, selector: str) -> str:
    return f"sender/{tenant}/{sender_id}/{selector}"
