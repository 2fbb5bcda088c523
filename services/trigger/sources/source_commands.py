"""What staff and keys do with sources: declare, change, pause, read again, delete."""

import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from services.trigger.sources.cluster import tls_context
from services.trigger.sources.domain import (
    MAX_SOURCES,
    REGISTRY_FORMATS,
    Reading,
    Secrets,
    Source,
    SourceConnection,
    SourceRefused,
    SourceState,
)
from services.trigger.sources.mapping import check_rules
from services.trigger.sources.registry import is_registry_url
from services.trigger.sources.repository import faults as fault_rows
from services.trigger.sources.repository import positions as position_rows
from services.trigger.sources.repository import sources as source_rows
from services.trigger.sources.sealing import opened, sealed
from shared.db.database import UnitOfWork
from shared.privacy.audit import AuditActor, record_audit
from shared.sealed import SealBroken
from shared.values.messages import Count, message


class SourceKeyReused(Exception):
    """The idempotency key was used for another source."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a source is to be; None: as it is."""

    name: str | None = None
    topic: str | None = None
    connection: SourceConnection | None = None
    reading: Reading | None = None
    read_from: str | None = None
    state: SourceState | None = None
    password: str | None = None
    client_key: str | None = None
    registry_password: str | None = None


async def declare(
    uow: UnitOfWork, secret: str, tenant: str, source_id: UUID, wanted: Wanted, *, who: AuditActor
) -> Source:
    """Add a source; one of this id that is there already, and was declared so, stays as it is.

    :raises SourceRefused: naming the field and the remedy.
    :raises SourceKeyReused: when the source that is there is another one.
    """
    source = Source(
        tenant=tenant,
        id=source_id,
        name=wanted.name or "",
        topic=wanted.topic or "",
        state=wanted.state or "paused",
        read_from=wanted.read_from or "oldest",
        connection=wanted.connection or SourceConnection(bootstrap=()),
        reading=wanted.reading or Reading(),
        sealed=None,
        revision=1,
        generation=0,
        created_at=uow.now,
        changed_at=uow.now,
    )
    secrets = _secrets_of(wanted, Secrets())
    check(source, secrets)
    source = replace(source, sealed=sealed(secret, tenant, source_id, secrets))
    if (known := await source_rows.find(uow, tenant, source_id)) is not None:
        return _same(known, source)
    if await source_rows.count_of(uow, tenant) >= MAX_SOURCES:
        raise SourceRefused(
            "/name",
            message("A company may have %(most)s sources. Delete one first.", most=Count(MAX_SOURCES)),
        )
    if not await source_rows.insert(uow, source):
        known = await source_rows.find(uow, tenant, source_id)
        if known is None:
            raise _name_taken()
        return _same(known, source)
    record_audit(uow, tenant, who, "source_declared", str(source_id), topic=source.topic)
    return source


def _same(known: Source, source: Source) -> Source:
    names = ("name", "topic", "connection", "reading")
    if any(getattr(known, name) != getattr(source, name) for name in names):
        raise SourceKeyReused
    return known


async def change(
    uow: UnitOfWork, secret: str, tenant: str, source_id: UUID, wanted: Wanted, *, who: AuditActor
) -> Source | None:
    """Change a source, or pause it; the same again changes nothing. None: there is no such source.

    When it returns, and its transaction commits, nothing is read any more by what the source was before.

    :raises SourceRefused: naming the field and the remedy.
    """
    known = await source_rows.find(uow, tenant, source_id, lock=True)
    if known is None:
        return None
    given = {
        name: value
        for name in ("name", "topic", "connection", "reading", "read_from", "state")
        if (value := getattr(wanted, name)) is not None
    }
    changed = replace(known, **given)
    secrets = _secrets_of(wanted, _kept(_known_secrets(secret, known), known, changed))
    changed = _sealed_anew(secret, known, changed, secrets)
    if changed == known:
        return known
    check(changed, secrets)
    if changed.name != known.name and await source_rows.is_name_taken(uow, changed):
        raise _name_taken()
    changed = replace(changed, revision=known.revision + 1, changed_at=uow.now)
    await source_rows.update(uow, changed)
    if changed.topic != known.topic:
        await position_rows.forget_positions(uow, changed)
        await fault_rows.forget_faults(uow, changed)
    else:
        await position_rows.reset_bad_runs(uow, changed)
    record_audit(uow, tenant, who, "source_changed", str(source_id), **_worded(known, changed))
    return changed


def _known_secrets(secret: str, known: Source) -> Secrets:
    """The secrets as they are; none, where the installation's own secret was changed: they are given anew."""
    try:
        return opened(secret, known)
    except SealBroken:
        return Secrets()


def _kept(secrets: Secrets, known: Source, changed: Source) -> Secrets:
    """The secrets that are still sent where they were meant to go: for another server each is given again."""
    before, after = known.connection, changed.connection
    if (before.bootstrap, before.tls, before.ca) != (after.bootstrap, after.tls, after.ca):
        secrets = replace(secrets, password="", client_key="")
    if known.reading.registry is None or known.reading.registry.url != _registry_url(changed):
        secrets = replace(secrets, registry_password="")
    return secrets


def _registry_url(source: Source) -> str | None:
    return source.reading.registry.url if source.reading.registry is not None else None


def _sealed_anew(secret: str, known: Source, changed: Source, secrets: Secrets) -> Source:
    """The source with its secrets, sealed again only where they are others: each seal differs."""
    if secrets == _known_secrets(secret, known):
        return changed
    return replace(changed, sealed=sealed(secret, known.tenant, known.id, secrets))


def _worded(known: Source, changed: Source) -> dict[str, Any]:
    names = ("name", "topic", "connection", "reading", "read_from", "state", "sealed")
    fields = ", ".join(sorted(name for name in names if getattr(known, name) != getattr(changed, name)))
    return {"fields": fields.replace("sealed", "secrets"), "state": changed.state}


async def read_again(
    uow: UnitOfWork,
    tenant: str,
    source_id: UUID,
    read_from: str,
    *,
    another_topic: bool,
    who: AuditActor,
) -> Source | None:
    """Read the topic again, from its oldest record, its end, or a time. None: there is no such source.

    :param another_topic: whether the topic is another one of the same name, so that its records are other
        events even where they name no id. Otherwise each event that was taken in before changes nothing.
    """
    known = await source_rows.find(uow, tenant, source_id, lock=True)
    if known is None:
        return None
    check_read_from(read_from)
    changed = replace(
        known,
        read_from=read_from,
        revision=known.revision + 1,
        generation=known.generation + (1 if another_topic else 0),
        changed_at=uow.now,
    )
    await source_rows.update(uow, changed)
    await position_rows.reset_positions(uow, changed)
    await fault_rows.forget_faults(uow, changed)
    record_audit(uow, tenant, who, "source_read_again", str(source_id), read_from=read_from)
    return changed


async def remove(uow: UnitOfWork, tenant: str, source_id: UUID, *, who: AuditActor) -> bool:
    """Delete a source with its secrets; what was taken in stays. False: there is none."""
    if not await source_rows.delete(uow, tenant, source_id):
        return False
    record_audit(uow, tenant, who, "source_deleted", str(source_id))
    return True


def check(source: Source, secrets: Secrets) -> None:
    """Check what can be checked without the cluster.

    :raises SourceRefused: naming the field and the remedy.
    """
    connection, reading = source.connection, source.reading
    if not connection.bootstrap:
        raise SourceRefused("/connection/bootstrap", message("Name one broker at least, as host:port."))
    if connection.sasl != "none" and not (connection.username and secrets.password):
        field = "/connection/password" if connection.username else "/connection/username"
        raise SourceRefused(
            field,
            message(
                "To sign in, both a user name and a password are needed; "
                "for other brokers the password is given again."
            ),
        )
    if connection.sasl == "plain" and not connection.tls:
        raise SourceRefused(
            "/connection/sasl",
            message("PLAIN shows the password to whoever listens. Use TLS, or SCRAM."),
        )
    if (connection.ca or connection.client_certificate) and not connection.tls:
        raise SourceRefused("/connection/tls", message("Certificates are of use with TLS only. Turn it on."))
    if connection.client_certificate and not secrets.client_key:
        raise SourceRefused(
            "/connection/client_key", message("The client's certificate needs its key, without a password.")
        )
    _check_certificates(connection, secrets)
    check_read_from(source.read_from)
    if reading.registry is not None and reading.registry.username and not secrets.registry_password:
        raise SourceRefused("/registry/password", message("The user name needs its password."))
    check_reading(reading)


def check_reading(reading: Reading) -> None:
    """Check how records are to be read.

    :raises SourceRefused: naming the field and the remedy.
    """
    needs_registry = reading.format in REGISTRY_FORMATS
    if needs_registry and (reading.registry is None or not is_registry_url(reading.registry.url)):
        raise SourceRefused(
            "/registry/url", message("Must be the address of the schema registry, such as https://host:8081.")
        )
    if reading.registry is not None and not needs_registry:
        raise SourceRefused("/registry", message("Only Avro and JSON Schema have a registry. Leave it out."))
    check_rules(reading.mapping, reading.only)


def _check_certificates(connection: SourceConnection, secrets: Secrets) -> None:
    try:
        tls_context(replace(connection, client_certificate=""), "")
    except (ssl.SSLError, ValueError):
        raise SourceRefused(
            "/connection/ca", message("Holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).")
        ) from None
    try:
        tls_context(connection, secrets.client_key)
    except (ssl.SSLError, ValueError):
        raise SourceRefused(
            "/connection/client_certificate",
            message(
                "The certificate and its key, both in PEM form and without a password, do not fit together."
            ),
        ) from None


def check_read_from(read_from: str) -> None:
    """Check where reading is to begin.

    :raises SourceRefused: when it is neither an end of the topic nor a time with its zone.
    """
    if read_from in {"oldest", "newest"}:
        return
    try:
        found = datetime.fromisoformat(read_from)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise SourceRefused(
            "/read_from",
            message("Must be oldest, newest, or a time with its zone, such as 2026-11-22T05:00:00Z."),
        )


def _secrets_of(wanted: Wanted, known: Secrets) -> Secrets:
    """The secrets as they are to be: one that is not given stays, an empty one is forgotten."""
    given = {
        name: value
        for name in ("password", "client_key", "registry_password")
        if (value := getattr(wanted, name)) is not None
    }
    return replace(known, **given)


def _name_taken() -> SourceRefused:
    return SourceRefused("/name", message("Another source has this name. Choose another one."))
