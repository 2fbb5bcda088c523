"""Keys that mails are signed with (DKIM, RFC 6376), as they are written down and as DNS publishes them."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

DkimAlgorithm = Literal["rsa-sha256", "ed25519-sha256"]
RSA_BITS = 2048
"""Of keys made here: what RFC 8301 asks for, and what fits into a record that every DNS provider takes."""
MAX_RSA_BITS = 4096
"""Beyond that verifiers need not look (RFC 8301, 3.2)."""
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SELECTOR = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_KEY = re.compile(
    r"^(?P<selector>\S+)\s*\n(?P<pem>-----BEGIN [^\n]+-----\n.*?-----END [^\n]+-----)\s*", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private key and the selector under which a domain publishes its public one."""

    selector: str
    private: RSAPrivateKey | Ed25519PrivateKey = field(repr=False)

    @property
    def algorithm(self) -> DkimAlgorithm:
        """As a signature names it (``a=``)."""
        return "rsa-sha256" if isinstance(self.private, RSAPrivateKey) else "ed25519-sha256"

    @property
    def public(self) -> str:
        """The public key as its record has it (``p=``; RFC 6376, 3.6.1 and RFC 8463, 4)."""
        public = self.private.public_key()
        raw = isinstance(self.private, Ed25519PrivateKey)
        encoding, form = (
            (Encoding.Raw, PublicFormat.Raw) if raw else (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        )
        return b64encode(public.public_bytes(encoding, form)).decode()

    @property
    def record(self) -> str:
        """The text of its record."""
        return f"v=DKIM1; k={self.algorithm.partition('-')[0]}; p={self.public}"

    def record_name(self, domain: str) -> str:
        """Where the domain publishes it."""
        return f"{self.selector}._domainkey.{domain}"

    def pem(self) -> str:
        """The private key in PEM form (PKCS #8), not encrypted."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def written(self) -> str:
        """The key as :func:`read_keys` reads it."""
        return f"{self.selector}\n{self.pem()}"


def new_key(selector: str, algorithm: DkimAlgorithm = "rsa-sha256") -> DkimKey:
    """Make a key. An RSA key takes a tenth of a second of the processor.

    :raises ValueError: when this is no selector.
    """
    checked = _checked_selector(selector)
    if algorithm == "ed25519-sha256":
        return DkimKey(checked, Ed25519PrivateKey.generate())
    return DkimKey(checked, generate_private_key(public_exponent=65537, key_size=RSA_BITS))


def read_keys(text: str) -> list[DkimKey]:
    """Keys one after the other, each a line with its selector and the private key in PEM form.

    :raises ValueError: saying what is wrong, without quoting any of it.
    """
    keys: list[DkimKey] = []
    rest = text.replace("\r\n", "\n").strip()
    while rest:
        found = _KEY.match(rest)
        if found is None:
            raise ValueError(
                "each key is a line with its selector, then the private key in PEM form, not encrypted"
            )
        keys.append(DkimKey(_checked_selector(found["selector"]), _private_key(found["pem"].encode())))
        rest = rest[found.end() :]
    if len({key.selector for key in keys}) < len(keys):
        raise ValueError("two keys have the same selector")
    return keys


def signing_keys(keys: Sequence[DkimKey], seen: frozenset[str]) -> list[DkimKey]:
    """The keys to sign with, one of each algorithm: the last whose record was seen, else the first.

    :param seen: selectors whose records were found.
    """
    chosen: dict[DkimAlgorithm, DkimKey] = {}
    for key in keys:
        if key.algorithm not in chosen or key.selector in seen:
            chosen[key.algorithm] = key
    return list(chosen.values())


def _checked_selector(given: str) -> str:
    if not _SELECTOR.fullmatch(given):
        raise ValueError("a selector is made of small letters, digits and hyphens")
    return given


def _private_key(pem: bytes) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("a private key cannot be read; it must be in PEM form and not encrypted") from None
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("a key must be of RSA or Ed25519")  # noqa: TRY004  (a fault of a setting's value)
    if not RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        raise ValueError(f"an RSA key must have {RSA_BITS} to {MAX_RSA_BITS} bits")
    return key
