"""Tenants and their keys: the trigger owns them, everybody else hears of them."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET
from msgspec.structs import replace

from services.trigger import key_list, repository
from services.trigger.errors import BadTenant, TenantExists, UnknownKey, UnknownTenant
from services.trigger.short_names import short_name_candidates
from shared.db.database import Database, UnitOfWork
from shared.events import TENANTS, KeyDigest, People, Tenant
from shared.events.segments import MAX_LEVELS
from shared.ids import uuid7
from shared.permissions import EVENT_SCOPES, SCOPES
from shared.tenancy import digest_of, find_tenant
from shared.values.text import one_form
from shared.values.zones import zone_names

SHORT_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
MAX_NAME_LENGTH = 200
MAX_POSTAL_ADDRESS_LENGTH = 1_000
KEY_PREFIX = "aw_"
"""A key that leaks is recognised by it, by people and by scanners."""


async def create_tenant(
    database: Database,
    tenant: str,
    *,
    name: str,
    time_zone: str = "UTC",
    country: str = "DK",
    languages: Sequence[str] = ("en",),
    postal_address: str | None = None,
) -> Tenant:
    """Make a company known; it begins in test mode, without keys.

    :raises BadTenant: when something said of it cannot be so.
    :raises TenantExists: when the short name is taken.
    """
    name = _shown(name, "name", MAX_NAME_LENGTH)
    if postal_address is not None:
        postal_address = _shown(postal_address, "postal address", MAX_POSTAL_ADDRESS_LENGTH)
    if not SHORT_NAME.fullmatch(tenant):
        raise BadTenant(
            f"The short name cannot be {tenant!r}: it takes small letters, digits and hyphens, 63 at most."
        )
    if time_zone not in zone_names():
        raise BadTenant(f"There is no time zone {time_zone!r}; write it like Europe/Copenhagen.")
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise BadTenant(f"The country is two capital letters, like DK, not {country!r}.")
    company = Tenant(
        id=tenant,
        version=1,
        name=name,
        time_zone=time_zone,
        country=country,
        languages=tuple(languages),
        postal_address=postal_address,
    )
    async with database.transaction() as uow:
        if not await repository.add_tenant(uow, company):
            raise TenantExists(tenant)
        uow.publish(TENANTS, tenant, company)
    return company


def _shown(text: str, what: str, longest: int) -> str:
    clean = one_form(text)
    if not clean or len(clean) > longest or not clean.isprintable():
        raise BadTenant(
            f"The {what} takes 1 to {longest} characters that can be printed; {len(clean)} are here."
        )
    return clean


async def free_short_name(database: Database, name: str) -> str:
    """The first short name made of a company's name that no company of another name has."""
    async with database.reading() as uow:
        for candidate in short_name_candidates(name):
            company = await find_tenant(uow, candidate)
            if company is None or company.name == name:
                return candidate
    raise BadTenant("All short names made of this name are taken; choose one.")


async def is_unfinished(database: Database, tenant: str, name: str) -> bool:
    """Whether a tenant of this name was begun and got no key: the last thing that a first start gives it."""
    async with database.reading() as uow:
        company = await find_tenant(uow, tenant)
    return company is not None and company.name == name and not company.keys


async def create_key(
    database: Database,
    tenant: str,
    scopes: Sequence[str],
    *,
    name: str = "default",
    source: str | None = None,
    expires_at: datetime | None = None,
) -> str:
    """Make a key and return it: the only time that it is seen.

    :param source: the source of events that name none; without it the key's name. It is a part of their
        identity: a key that takes another's place must have that one's, or a retry becomes a second event.

    :raises BadTenant: for a scope that does not exist, a name that is none, or one key too many.
    :raises UnknownTenant: when there is no such tenant.
    """
    name, source = one_form(name), source and one_form(source)
    if not name or len(name) > MAX_NAME_LENGTH or len(source or "") > MAX_NAME_LENGTH:
        raise BadTenant(f"A key's name and its source have 1 to {MAX_NAME_LENGTH} characters.")
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise BadTenant(f"Scopes are {', '.join(SCOPES)}; not {', '.join(unknown) or 'none'}.")
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
        company = await _locked(uow, tenant)
        if not key_list.has_room(company.keys, key, uow.now):
            raise BadTenant(
                f"{tenant} has as many keys as a company can have ({key_list.MAX_LIVE_KEYS}, fewer when "
                "their names are long). Revoke those that nobody uses; `afterword tenant list` shows them."
            )
        await _change(uow, replace(company, keys=(*company.keys, key)))
    return token


async def default_sources(database: Database, tenant: str) -> list[str]:
    """The sources that events without one have so far, by the tenant's keys that send events."""
    async with database.reading() as uow:
        company = await find_tenant(uow, tenant)
    sending = [key for key in company.keys if set(EVENT_SCOPES) & set(key.scopes)] if company else []
    return sorted({key.source or key.name for key in sending})


async def revoke_key(database: Database, tenant: str, key: str) -> None:
    """Make a key, by its id or the key itself, open nothing any more; within seconds, everywhere.

    :raises UnknownKey: when the tenant has no such key that still opens something.
    """
    digest = digest_of(key)
    async with database.transaction() as uow:
        company = await _locked(uow, tenant)
        found = [k for k in company.keys if (k.id == key or k.digest == digest) and k.revoked_at is None]
        if not found:
            raise UnknownKey(key[:8])
        revoked = {k.id: replace(k, revoked_at=uow.now) for k in found}
        await _change(uow, replace(company, keys=tuple(revoked.get(k.id, k) for k in company.keys)))


async def set_people(
    database: Database,
    tenant: str,
    *,
    dimensions: Sequence[str] | None = None,
    level: int | None = None,
    shown: bool | None = None,
) -> People:
    """Settle which segments stand for single employees, and whether their scores are shown; None leaves it.

    :raises BadTenant: for a level that no path has, or a dimension without a name.
    :raises UnknownTenant: when there is no such tenant.
    """
    if level is not None and not 0 <= level <= MAX_LEVELS:
        raise BadTenant(f"The level is a number from 1 to {MAX_LEVELS}, or 0 for none.")
    if any(not 0 < len(dimension.strip()) <= MAX_NAME_LENGTH for dimension in dimensions or ()):
        raise BadTenant(f"A dimension has a name of {MAX_NAME_LENGTH} characters at most.")
    async with database.transaction() as uow:
        company = await _locked(uow, tenant)
        people = company.people
        people = People(
            dimensions=people.dimensions if dimensions is None else tuple(map(str.strip, dimensions)),
            level=people.level if level is None else level,
            shown=people.shown if shown is None else shown,
        )
        await _change(uow, replace(company, people=people))
    return people


async def _locked(uow: UnitOfWork, tenant: str) -> Tenant:
    company = await repository.lock_tenant(uow, tenant)
    if company is None:
        raise UnknownTenant(tenant)
    return company


async def _change(uow: UnitOfWork, company: Tenant) -> None:
    keys = key_list.keys_to_publish(company.keys, uow.now)
    changed = replace(company, version=company.version + 1, keys=keys)
    await repository.update_tenant(uow, changed)
    uow.publish(TENANTS, changed.id, changed)
