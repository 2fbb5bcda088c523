"""Read for how long a tenant keeps its data, change it, and try rules without removing anything."""

import asyncio
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Row

from services.dispatcher.retention import repository
from services.dispatcher.retention.rules import RETENTION as OWN_RULES
from shared.db import Database, UnitOfWork
from shared.events import RETENTION, RetentionRules, TenantRetention
from shared.events.retention import RETENTION_KINDS
from shared.privacy.export import ASKED_SERVICES
from shared.privacy.retention import Counts, Cutoffs, count_stale
from shared.privacy.service_client import ServiceClient, read_answer


class RetentionChanged(Exception):
    """The rules have changed since they were read."""


class StoredRules(NamedTuple):
    """A tenant's rules; version 0: it has set none, and has the defaults."""

    rules: RetentionRules
    version: int


async def find_rules(uow: UnitOfWork, tenant: str) -> StoredRules:
    """For how long the tenant keeps its data."""
    row = await repository.find(uow, tenant)
    return StoredRules(RetentionRules(), 0) if row is None else StoredRules(rules_from(row), row.version)


async def set_rules(uow: UnitOfWork, tenant: str, rules: RetentionRules, *, seen: int | None = None) -> bool:
    """Set and publish the rules; False if they were these already.

    :raises RetentionChanged: when ``seen`` is given and is no longer the version.
    """
    row = await repository.write(uow, tenant, rules, seen)
    if row is None:
        if seen is not None and (await find_rules(uow, tenant)).version != seen:
            raise RetentionChanged
        return False
    uow.publish(RETENTION, tenant, retention_event(row))
    return True


async def dry_run(
    database: Database, services: ServiceClient, tenant: str, rules: RetentionRules
) -> dict[str, Counts]:
    """How many rows of what each service would remove now under these rules.

    :raises ServiceUnavailable: when one does not answer.
    """
    others = [_ask(services, service, tenant, rules) for service in ASKED_SERVICES]
    # All of them are waited for: what is left running would hold its connection behind the request.
    found = await asyncio.gather(_count_own(database, tenant, rules), *others, return_exceptions=True)
    counts: dict[str, Counts] = {}
    for service, result in zip(("dispatcher", *ASKED_SERVICES), found, strict=True):
        if isinstance(result, BaseException):
            raise result
        counts[service] = result
    return counts


async def _count_own(database: Database, tenant: str, rules: RetentionRules) -> Counts:
    async with database.reading() as uow:
        return await count_stale(uow, OWN_RULES, Cutoffs(tenant, uow.now, rules))


async def _ask(services: ServiceClient, service: str, tenant: str, rules: RetentionRules) -> Counts:
    answer = await services.get_body(
        service, "retention", purpose="retention", tenant=tenant, query=msgspec.structs.asdict(rules)
    )
    return read_answer(service, answer, Counts)


def rules_from(row: Row[Any]) -> RetentionRules:
    """The rules of a row."""
    return RetentionRules(**{kind: getattr(row, kind) for kind in RETENTION_KINDS})


def retention_event(row: Row[Any]) -> TenantRetention:
    """The rules of a row, as they are published."""
    rules = msgspec.structs.asdict(rules_from(row))
    return TenantRetention(version=row.version, changed_at=row.changed_at, **rules)
