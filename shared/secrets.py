"""One secret, many keys: whatever must not be forged derives its own key from the one setting."""

import hashlib
import hmac
from functools import lru_cache

from shared.values.addresses import canonical_address, earlier_forms


@lru_cache(maxsize=10_000)  # a few purposes, and one for each company
def derive(secret: str, purpose: str) -> bytes:
    """The 32-byte key for one purpose. Knowing it tells nothing about the secret or another purpose's key."""
    return hmac.digest(secret.encode(), b"afterword:" + purpose.encode(), hashlib.sha256)


def customer_hash(secret: str, tenant: str, address: str) -> str:
    """The keyed hash (64 hexadecimal digits) that stands for a customer's address where the address may
    not.

    All spellings of an address have one hash (``canonical``); two tenants never share one.
    """
    return _hash(secret, tenant, canonical_address(address))


def customer_hashes(secret: str, tenant: str, address: str) -> tuple[str, ...]:
    """The hash of the address, and behind it those that earlier versions may have stored for it."""
    forms = (canonical_address(address), *sorted(earlier_forms(address)))
    return tuple(_hash(secret, tenant, form) for form in forms)


def _hash(secret: str, tenant: str, form: str) -> str:
    return hmac.digest(derive(secret, f"customer:{tenant}"), form.encode(), "sha256").hex()
