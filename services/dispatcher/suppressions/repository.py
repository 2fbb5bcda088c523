"""``suppression`` (who is never asked) and ``suppression_lift`` (who took an entry away, and why)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.suppressions.domain import BY_TEXT, THE_COMPANY
from shared.db import UnitOfWork
from shared.ids import uuid7
from shared.privacy.audit import CUSTOMER

_BY_STRENGTH = "ARRAY['bounced', 'listed', 'erased', 'unsubscribed', 'complained']"
_STRONGER = f"array_position({_BY_STRENGTH}, EXCLUDED.reason) > array_position({_BY_STRENGTH}, s.reason)"
_FIRMER = "s.reason = EXCLUDED.reason AND s.who = :by_text AND EXCLUDED.who <> :by_text"
"""The same reason, and no longer by a text alone: a reply of START does not take it back."""
ADD = f"""
    INSERT INTO suppression AS s (tenant, kind, key, reason, who, created_at, canonical, listed)
    SELECT :tenant, kind, key, CAST(:reason AS text), :who, coalesce(since, :now), true,
        CAST(:reason AS text) = 'listed'
    FROM unnest(CAST(:kinds AS text[]), CAST(:keys AS text[]), CAST(:since AS timestamptz[]))
        AS n(kind, key, since)
    ORDER BY 2, 3
    ON CONFLICT (tenant, kind, key) DO UPDATE SET
        listed = s.listed OR s.reason = 'listed' OR EXCLUDED.listed,
        reason = CASE WHEN {_STRONGER} THEN EXCLUDED.reason ELSE s.reason END,
        who = CASE WHEN {_STRONGER} OR {_FIRMER} THEN EXCLUDED.who ELSE s.who END,
        created_at = least(s.created_at, EXCLUDED.created_at)
    WHERE s.reason <> EXCLUDED.reason OR {_FIRMER}
    RETURNING xmax = 0 AS is_new
"""


async def add(
    uow: UnitOfWork,
    tenant: str,
    entries: Iterable[tuple[str, str]],
    *,
    reason: str,
    who: str,
    since: Mapping[tuple[str, str], datetime | None] = MappingProxyType({}),
) -> int:
    """Add (kind, key) entries; returns how many were not there.

    An entry keeps the strongest of its reasons: a complaint, then an unsubscription, an erasure, the list of
    the company, a bounce. That a list has the entry, too, stays known.

    :param since: when those entries were made that are not made now.
    """
    entries = sorted(set(entries))
    rows = await uow.execute(
        ADD,
        {
            "tenant": tenant,
            "reason": reason,
            "who": who,
            "by_text": BY_TEXT,
            "now": uow.now,
            "kinds": [kind for kind, _ in entries],
            "keys": [key for _, key in entries],
            "since": [since.get(entry) for entry in entries],
        },
    )
    return sum(row.is_new for row in rows)


class ErasedAddress(NamedTuple):
    """An address under which an erased customer came."""

    tenant: str
    key: str
    person: str
    """The pseudonym of the customer."""
    erased_at: datetime


ADD_ERASED = """
    INSERT INTO suppression AS s (tenant, kind, key, reason, who, created_at, canonical, person)
    SELECT DISTINCT ON (tenant, key) tenant, 'address', key, 'erased', :who, at, true, person
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:keys AS text[]), CAST(:persons AS text[]),
        CAST(:times AS timestamptz[])
    ) AS n(tenant, key, person, at)
    ORDER BY tenant, key, at DESC, person
    ON CONFLICT (tenant, kind, key) DO UPDATE SET
        person = EXCLUDED.person,
        listed = s.listed OR s.reason = 'listed',
        reason = CASE WHEN s.reason IN ('listed', 'bounced') THEN EXCLUDED.reason ELSE s.reason END,
        who = CASE WHEN s.reason IN ('listed', 'bounced') THEN EXCLUDED.who ELSE s.who END
    WHERE s.reason IN ('listed', 'bounced') OR s.person IS DISTINCT FROM EXCLUDED.person
"""


async def add_erased(uow: UnitOfWork, addresses: Sequence[ErasedAddress]) -> None:
    """Add the addresses of erased customers; an unsubscription stays one."""
    if not addresses:
        return
    tenants, keys, persons, times = zip(*addresses, strict=True)
    await uow.execute(
        ADD_ERASED,
        {
            "who": CUSTOMER.name,
            "tenants": list(tenants),
            "keys": list(keys),
            "persons": list(persons),
            "times": list(times),
        },
    )


FIND_MATCHING = """
    SELECT s.tenant, s.kind, s.key, s.reason, s.who, s.created_at, s.canonical
    FROM suppression s
    JOIN unnest(
        CAST(:tenants AS text[]), CAST(:kinds AS text[]), CAST(:keys AS text[]), CAST(:earlier AS boolean[])
    ) AS n(tenant, kind, key, earlier) USING (tenant, kind, key)
    WHERE NOT (n.earlier AND s.canonical)
"""


async def find_matching(uow: UnitOfWork, entries: Sequence[tuple[str, str, str, bool]]) -> Sequence[Row[Any]]:
    """Which of these (tenant, kind, key, earlier) are suppressed, and why.

    An ``earlier`` key, the hash of a form that older versions gave an address, matches only what they wrote.
    """
    return (await uow.execute(FIND_MATCHING, _entry_values(entries))).all()


def _entry_values(entries: Sequence[tuple[str, str, str, bool]]) -> dict[str, Any]:
    return {
        "tenants": [tenant for tenant, _, _, _ in entries],
        "kinds": [kind for _, kind, _, _ in entries],
        "keys": [key for _, _, key, _ in entries],
        "earlier": [earlier for _, _, _, earlier in entries],
    }


# Those of the list and of the customers' preferences in one statement, as a decision needs both.
FIND_WITH_PREFERENCES = """
    WITH n AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:tenants AS text[]), CAST(:kinds AS text[]), CAST(:keys AS text[]),
            CAST(:earlier AS boolean[])
        ) AS u(tenant, kind, key, earlier)
    )
    SELECT s.tenant, s.kind, s.key, s.reason, s.created_at, s.canonical,
        CAST(NULL AS timestamptz) AS paused_until, CAST(NULL AS smallint) AS months,
        CAST(NULL AS text) AS channel
    FROM suppression s JOIN n USING (tenant, kind, key)
    WHERE NOT (n.earlier AND s.canonical)
    UNION ALL
    SELECT p.tenant, p.kind, p.key, NULL, p.changed_at, true, p.paused_until, p.months, p.channel
    FROM contact_preference p JOIN n USING (tenant, kind, key)
    WHERE NOT n.earlier
"""


async def find_with_preferences(
    uow: UnitOfWork, entries: Sequence[tuple[str, str, str, bool]]
) -> Sequence[Row[Any]]:
    """The suppressions of these entries, as :func:`find_matching` has them, and their preferences, which have
    no ``reason``: what was chosen, and since when (``created_at``).
    """
    return (await uow.execute(FIND_WITH_PREFERENCES, _entry_values(entries))).all()


LIST_SUPPRESSIONS = """
    SELECT kind, key, reason, who, created_at FROM suppression
    WHERE tenant = :tenant AND (kind, key) > (:kind, :key)
        AND (CAST(:reason AS text) IS NULL OR reason = :reason)
    ORDER BY kind, key
    LIMIT :limit
"""


async def list_page(
    uow: UnitOfWork, tenant: str, after: tuple[str, str], limit: int, reason: str | None = None
) -> Sequence[Row[Any]]:
    """A page of entries, in the order of kind and key.

    :param reason: of those entries alone.
    """
    kind, key = after
    values = {"tenant": tenant, "kind": kind, "key": key, "limit": limit, "reason": reason}
    return (await uow.execute(LIST_SUPPRESSIONS, values)).all()


COUNT_REASONS = """
    SELECT reason, count(*) AS n FROM suppression WHERE tenant = :tenant GROUP BY reason
"""


async def count(uow: UnitOfWork, tenant: str) -> dict[str, int]:
    """How many entries there are, by their reasons."""
    return {row.reason: row.n for row in await uow.execute(COUNT_REASONS, {"tenant": tenant})}


LOCK_ENTRY = """
    SELECT kind, key, reason, who, listed, person FROM suppression
    WHERE tenant = :tenant AND kind = :kind AND key = :key
    FOR UPDATE
"""


async def lock(uow: UnitOfWork, tenant: str, kind: str, key: str) -> Row[Any] | None:
    """Lock one entry, so that it is still as it was read when it is taken away."""
    rows = await uow.execute(LOCK_ENTRY, {"tenant": tenant, "kind": kind, "key": key})
    return rows.one_or_none()


REMOVE = """
    DELETE FROM suppression WHERE tenant = :tenant AND kind = :kind AND key = :key
"""


async def remove(uow: UnitOfWork, tenant: str, kind: str, key: str) -> None:
    """Take one entry from the list."""
    await uow.execute(REMOVE, {"tenant": tenant, "kind": kind, "key": key})


FALL_BACK_TO_LIST = """
    UPDATE suppression SET reason = 'listed', who = :who
    WHERE tenant = :tenant AND kind = :kind AND key = :key
"""


async def fall_back_to_list(uow: UnitOfWork, tenant: str, kind: str, key: str) -> None:
    """The customer's unsubscription is gone; the entry of the company's list stays, in the company's name:
    who of it had listed the entry is not kept beside who unsubscribed.
    """
    values = {"tenant": tenant, "kind": kind, "key": key, "who": THE_COMPANY}
    await uow.execute(FALL_BACK_TO_LIST, values)


LOG_LIFT = """
    INSERT INTO suppression_lift (tenant, id, at, kind, key, was, who, reason, person)
    VALUES (:tenant, :id, :now, :kind, :key, :was, :who, :reason, :person)
"""


async def log_lift(uow: UnitOfWork, tenant: str, entry: Row[Any], *, who: str, reason: str | None) -> None:
    """Log who took which entry away, and why."""
    await uow.execute(
        LOG_LIFT,
        {
            "tenant": tenant,
            "id": uuid7(),
            "now": uow.now,
            "kind": entry.kind,
            "key": entry.key,
            "was": entry.reason,
            "who": who,
            "reason": reason,
            "person": entry.person,
        },
    )


LIST_LIFTS = """
    SELECT id, at, kind, key, was, who, reason FROM suppression_lift
    WHERE tenant = :tenant AND (CAST(:after AS uuid) IS NULL OR id < :after)
    ORDER BY id DESC
    LIMIT :limit
"""


async def list_lifts(uow: UnitOfWork, tenant: str, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """A page of the entries that were taken away, newest first."""
    return (await uow.execute(LIST_LIFTS, {"tenant": tenant, "after": after, "limit": limit})).all()
