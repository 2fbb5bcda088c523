"""ID tokens (OpenID Connect Core 1.0, 3.1.3.7): signed by the issuer, for us, now, and for this sign-in."""

from collections.abc import Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from services.alerts.staff.provider_errors import ProviderFailed
from shared.values.messages import message

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""Of public keys alone: neither ``none``, nor one that would take a public key for a shared secret."""
LEEWAY_S = 60
MAX_SUBJECT_CHARS = 255
"""As OpenID Connect bounds it."""
MIN_RSA_BITS = 2048
_KEY_CLASS_BY_TYPE: dict[str, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


class UnpublishedKey(Exception):
    """No key of the issuer has signed it, as far as we know its keys."""


def verified_claims(
    token: str, keys: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: int
) -> dict[str, Any]:
    """The claims of a token that proves who has signed in.

    :param keys: the issuer's, as it publishes them (RFC 7517).
    :raises UnpublishedKey: when it names none of them.
    :raises ProviderFailed: when it is not what it must be.
    """
    try:
        found = jwt.decode(token, lambda signed: _key_of(signed.headers(), keys), algorithms=ALGORITHMS)
        claims = CodeIDToken(
            found.claims,
            found.header,
            {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}},
            {"nonce": nonce, "client_id": client_id},
        )
        claims.validate(now=now, leeway=LEEWAY_S)
    except (JoseError, ValueError, TypeError) as error:
        raise _broken(type(error).__name__) from error
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= MAX_SUBJECT_CHARS:
        raise _broken("sub")
    return dict(claims)


def _key_of(header: Mapping[str, Any], keys: Mapping[str, Any]) -> RSAKey | ECKey | OKPKey:
    """The key that a token names; the only fitting one where it names none."""
    listed = keys.get("keys")
    usable = [
        one
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and one.get("kty") in _KEY_CLASS_BY_TYPE and one.get("use", "sig") == "sig"
    ]
    named = [one for one in usable if one.get("kid") == header["kid"]] if "kid" in header else usable
    if len(named) != 1:
        raise UnpublishedKey
    public = {name: value for name, value in named[0].items() if name not in {"key_ops", "alg"}}
    key = _KEY_CLASS_BY_TYPE[public["kty"]].import_key(public)
    if isinstance(key, RSAKey) and key.public_key.key_size < MIN_RSA_BITS:
        raise _broken("key size")
    return key


def _broken(why: str) -> ProviderFailed:
    return ProviderFailed(
        message("The token of the provider does not prove who you are (%(why)s). Sign in anew.", why=why)
    )
