"""Time-based one-time codes (RFC 6238): six digits, a new code each thirty seconds, as apps make them."""

import hmac
import secrets
from base64 import b32encode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_S = 30
DIGITS = 6
KEY_BYTES = 20
"""As long as what SHA-1 gives, which RFC 4226 recommends."""
DRIFT_STEPS = 1
"""By so many steps a clock may be ahead or behind."""
ISSUER = "Afterword"


def new_key() -> bytes:
    """160 random bits."""
    return secrets.token_bytes(KEY_BYTES)


def code_of(key: bytes, step: int, *, digits: int = DIGITS) -> str:
    """The code of a step."""
    # SHA-1 is what the apps make codes with; as an HMAC it is not broken.
    return _totp(key, digits).generate(step * STEP_S).decode()


def matching_step(key: bytes, code: str, *, seconds: float, last_step: int) -> int | None:
    """The step of which this is the code; None when it is none of now, or not later than ``last_step``.

    :param seconds: of Unix time.
    """
    now, found = int(seconds // STEP_S), None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if step > last_step and hmac.compare_digest(code_of(key, step).encode(), code.encode()):
            found = step
    return found


def key_text(key: bytes) -> str:
    """The key as it is typed into an app: groups of four letters."""
    text = b32encode(key).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def key_address(key: bytes, account: str) -> str:
    """The ``otpauth`` address that an app reads from a QR code."""
    return _totp(key, DIGITS).get_provisioning_uri(account, ISSUER)


def _totp(key: bytes, digits: int) -> TOTP:
    return TOTP(key, digits, SHA1(), STEP_S)  # noqa: S303  (see code_of)
