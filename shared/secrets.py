"""Keys derived from the one secret: each purpose has its own."""

import hashlib
import hmac
from functools import lru_cache

from shared.values.addresses import canonical_address, earlier_forms


@lru_cache(maxsize=10_000)  # a few purposes, and one for each tenant
def derive(secret: str, purpose: str) -> bytes:
    """The 32-byte key for one purpose, which reveals neither the secret nor the key of another purpose."""
    return hmac.digest(secret.encode(), b"afterword:" + purpose.encode(), hashlib.sha256)


def keyed_digest(key: bytes, text: bytes) -> bytes:
    """The HMAC-SHA-256 (RFC 2104) of the text: what the key begins is kept, which makes it twice as fast."""
    begun = _begun(key).copy()
    begun.update(text)
    return begun.digest()


@lru_cache(maxsize=10_000)  # the keys of :func:`derive`
def _begun(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


def customer_hash(secret: str, tenant: str, address: str) -> str:
    """The keyed hash (64 hexadecimal digits) that replaces a customer's address where it may not be stored.

    All spellings of an address have the same hash (``canonical``); two tenants have different ones.
    """
    return _hash(secret, tenant, canonical_address(address))


def customer_hashes(secret: str, tenant: str, address: str) -> tuple[str, ...]:
    """The hash of the address, followed by those that earlier versions may have stored for it."""
    forms = (canonical_address(address), *sorted(earlier_forms(address)))
    return tuple(_hash(secret, tenant, form) for form in forms)


def _hash(secret: str, tenant: str, form: str) -> str:
    return keyed_digest(derive(secret, f"customer:{tenant}"), form.encode()).hex()
