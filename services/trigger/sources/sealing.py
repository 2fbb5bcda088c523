"""The secrets of a source, which its database keeps sealed and no page or log shows."""

from uuid import UUID

import msgspec

from services.trigger.sources.domain import Secrets, Source
from shared.sealed import seal, unseal

_secrets = msgspec.json.Decoder(Secrets)
NO_SECRETS = Secrets()


def sealed(secret: str, tenant: str, source_id: UUID, secrets: Secrets) -> bytes | None:
    """The secrets as they are kept; None where there are none."""
    if secrets == NO_SECRETS:
        return None
    return seal(secret, _about(tenant, source_id), msgspec.json.encode(secrets))


def opened(secret: str, source: Source) -> Secrets:
    """The secrets of a source.

    :raises SealBroken: when the secret of the installation was changed.
    """
    if source.sealed is None:
        return NO_SECRETS
    return _secrets.decode(unseal(secret, _about(source.tenant, source.id), source.sealed))


def _about(tenant: str, source_id: UUID) -> str:
    return f"source/{tenant}/{source_id}"
