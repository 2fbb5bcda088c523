"""Tenants and their API keys: the trigger owns them and publishes each change; all services consume it."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET
from msgspec.structs import replace

from services.trigger import key_list, repository
from services.trigger.company_values import (
    MAX_NAME_LENGTH,
    MAX_POSTAL_ADDRESS_LENGTH,
    clean_languages,
    known_time_zone,
    printable,
)
from services.trigger.errors import BadTenant, TenantExists, UnknownKey, UnknownTenant, WrongState
from services.trigger.short_names import MAX_SHORT_NAME_LENGTH, SHORT_NAME, short_name_candidates
from shared.db.database import Database, UnitOfWork
from shared.events import TENANTS, KeyDigest, People, Tenant
from shared.events.segments import MAX_LEVELS
from shared.events.transactions import OWN_SOURCES
from shared.ids import uuid7
from shared.intake.sources import is_reserved
from shared.permissions import EVENT_SCOPES, SCOPES
from shared.privacy.audit import COMMAND_LINE, AuditActor, record_audit
from shared.tenancy import digest_of, find_tenant
from shared.values.messages import message
from shared.values.text import normalized_text

KEY_PREFIX = "aw_"
"""By it people and scanners recognise a key that leaked."""


async def create_tenant(
    database: Database,
    tenant: str,
    *,
    name: str,
    time_zone: str = "UTC",
    country: str = "DK",
    languages: Sequence[str] = ("en",),
    postal_address: str | None = None,
    who: AuditActor = COMMAND_LINE,
) -> Tenant:
    """Create a company; it begins in test mode, without keys.

    :raises BadTenant: when a value is not allowed.
    :raises TenantExists: when the short name is taken.
    """
    name = printable(name, "name", MAX_NAME_LENGTH)
    if postal_address is not None:
        postal_address = printable(postal_address, "postal_address", MAX_POSTAL_ADDRESS_LENGTH)
    if not SHORT_NAME.fullmatch(tenant):
        raise BadTenant(
            "tenant",
            message(
                "The short name cannot be %(name)s: it takes small letters, digits and hyphens, "
                "%(most)s at most.",
                name=repr(tenant),
                most=MAX_SHORT_NAME_LENGTH,
            ),
        )
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise BadTenant(
            "country",
            message("The country is two capital letters, like DK, not %(country)s.", country=repr(country)),
        )
    company = Tenant(
        id=tenant,
        version=1,
        name=name,
        time_zone=known_time_zone(time_zone),
        country=country,
        languages=clean_languages(languages),
        postal_address=postal_address,
    )
    async with database.transaction() as uow:
        if not await repository.add_tenant(uow, company):
            raise TenantExists(tenant)
        uow.publish(TENANTS, tenant, company)
        record_audit(uow, tenant, who, "company_created")
    return company


async def free_short_name(database: Database, name: str) -> str:
    """The first short name made of a company's name that is free, or has a running company of this name."""
    async with database.reading() as uow:
        for candidate in short_name_candidates(name):
            company = await find_tenant(uow, candidate)
            if company is None or (company.name == name and company.state == "running"):
                return candidate
    raise BadTenant("tenant", message("All short names made of this name are taken; choose one."))


async def refuse_finished(database: Database, tenant: str, name: str) -> None:
    """Pass only a running tenant of this name without a key: creating one is the last step of making it.

    :raises WrongState: when it does not run; nothing may be made in it.
    :raises TenantExists: when it is another's, or has keys.
    """
    async with database.reading() as uow:
        company = await find_tenant(uow, tenant)
    if company is not None and company.state != "running":
        raise WrongState(tenant, company.state)
    if company is None or company.name != name or company.keys:
        raise TenantExists(tenant)


async def create_key(
    database: Database,
    tenant: str,
    scopes: Sequence[str],
    *,
    name: str = "default",
    source: str | None = None,
    expires_at: datetime | None = None,
    only_first: bool = False,
    who: AuditActor = COMMAND_LINE,
) -> str:
    """Create a key and return it; it is stored only hashed, so it is never shown again.

    :param only_first: refuse a company that has a key: creating the first is the last step of making it.
    :param source: of events that name none; None: the key's name. It is a part of their identity: a key that
        replaces another must have the same source, or a retried event becomes a second one.

    :raises BadTenant: for an unknown scope, a blank or too long name, an end that has passed, or one key too
        many.
    :raises UnknownTenant: when there is no such tenant.
    :raises TenantExists: when the key is not the first and only that was wanted.
    """
    name, source = normalized_text(name), source and normalized_text(source)
    if not name or len(name) > MAX_NAME_LENGTH or len(source or "") > MAX_NAME_LENGTH:
        raise BadTenant(
            "name",
            message("A key's name and its source have 1 to %(most)s characters.", most=MAX_NAME_LENGTH),
        )
    if is_reserved(source or name):
        raise BadTenant(
            "name",
            message(
                "Sources that begin with %(begin)s are Afterword's own. Give the key another name or source.",
                begin=OWN_SOURCES,
            ),
        )
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise BadTenant(
            "scopes",
            message(
                "Scopes are %(known)s; not %(unknown)s.",
                known=", ".join(SCOPES),
                unknown=", ".join(unknown) or message("none"),
            ),
        )
    token = KEY_PREFIX + secrets.token_urlsafe(32)
    key = KeyDigest(
        id=uuid7().hex,
        name=name,
        digest=digest_of(token),
        scopes=tuple(sorted(set(scopes))),
        source=source or UNSET,
        expires_at=expires_at,
    )
    async with database.transaction() as uow:
        if expires_at is not None and expires_at <= uow.now:
            raise BadTenant("expires_at", message("Has passed. Choose a later end, or none."))
        company = await locked(uow, tenant)
        if only_first and company.keys:
            raise TenantExists(tenant)
        if not key_list.has_room(company.keys, key, uow.now):
            raise BadTenant(
                "name",
                message(
                    "%(company)s has as many keys as a company can have (%(most)s, fewer when their names "
                    "are long). Revoke those that nobody uses; `afterword tenant list` shows them.",
                    company=tenant,
                    most=key_list.MAX_LIVE_KEYS,
                ),
            )
        await publish_change(uow, replace(company, keys=(*company.keys, key)))
        record_audit(uow, tenant, who, "key_created", key.id, scopes=" ".join(key.scopes))
    return token


async def default_sources(database: Database, tenant: str) -> list[str]:
    """The default sources of the tenant's keys that send events."""
    async with database.reading() as uow:
        company = await find_tenant(uow, tenant)
    sending = [key for key in company.keys if set(EVENT_SCOPES) & set(key.scopes)] if company else []
    return sorted({key.source or key.name for key in sending})


async def revoke_key(database: Database, tenant: str, key: str, *, who: AuditActor = COMMAND_LINE) -> None:
    """Revoke a key, named by its id or by itself; within seconds it opens nothing anywhere.

    :raises UnknownKey: when the tenant has no such key that is not revoked.
    """
    digest = digest_of(key)
    async with database.transaction() as uow:
        company = await locked(uow, tenant)
        found = [k for k in company.keys if (k.id == key or k.digest == digest) and k.revoked_at is None]
        if not found:
            raise UnknownKey(key[:8])
        revoked = {k.id: replace(k, revoked_at=uow.now) for k in found}
        await publish_change(uow, replace(company, keys=tuple(revoked.get(k.id, k) for k in company.keys)))
        for each in found:
            record_audit(uow, tenant, who, "key_revoked", each.id)


async def take_back_key(database: Database, tenant: str, key: str, *, who: AuditActor = COMMAND_LINE) -> None:
    """Remove a key that nobody was told, so that the company is as it was before."""
    digest = digest_of(key)
    async with database.transaction() as uow:
        company = await locked(uow, tenant)
        (own,) = (one for one in company.keys if one.digest == digest)
        await publish_change(uow, replace(company, keys=tuple(one for one in company.keys if one is not own)))
        record_audit(uow, tenant, who, "key_revoked", own.id)


async def set_people(
    database: Database,
    tenant: str,
    *,
    dimensions: Sequence[str] | None = None,
    level: int | None = None,
    shown: bool | None = None,
) -> People:
    """Set which segments stand for single employees, and whether their scores are shown; None keeps a value.

    :raises BadTenant: for a level that no path has, or a dimension without a name.
    :raises UnknownTenant: when there is no such tenant.
    """
    if level is not None and not 0 <= level <= MAX_LEVELS:
        raise BadTenant(
            "level", message("The level is a number from 1 to %(most)s, or 0 for none.", most=MAX_LEVELS)
        )
    if any(not 0 < len(dimension.strip()) <= MAX_NAME_LENGTH for dimension in dimensions or ()):
        raise BadTenant(
            "dimensions",
            message("A dimension has a name of %(most)s characters at most.", most=MAX_NAME_LENGTH),
        )
    async with database.transaction() as uow:
        company = await locked(uow, tenant)
        earlier = company.people
        people = People(
            dimensions=earlier.dimensions if dimensions is None else tuple(map(str.strip, dimensions)),
            level=earlier.level if level is None else level,
            shown=earlier.shown if shown is None else shown,
        )
        await publish_change(uow, replace(company, people=people))
        if people != earlier:
            record_audit(
                uow,
                tenant,
                COMMAND_LINE,
                "people_rule",
                dimensions=len(people.dimensions),
                level=people.level,
                shown=people.shown,
            )
    return people


async def locked(uow: UnitOfWork, tenant: str) -> Tenant:
    """A company, until the transaction ends.

    :raises UnknownTenant: when there is none, or it has left.
    """
    company = await repository.lock_tenant(uow, tenant)
    if company is None or company.state == "left":
        raise UnknownTenant(tenant)
    return company


async def publish_change(uow: UnitOfWork, company: Tenant) -> Tenant:
    """Write and publish the next version of a company that is locked."""
    keys = key_list.keys_to_publish(company.keys, uow.now)
    changed = replace(company, version=company.version + 1, keys=keys)
    await repository.update_tenant(uow, changed)
    uow.publish(TENANTS, changed.id, changed)
    return changed
