"""``contact_preference``: what was chosen for an address, by its keyed hash, and for a customer's id."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from services.dispatcher.decisions.preferences import Preferences
from services.dispatcher.suppressions.domain import SuppressionEntry
from shared.db import UnitOfWork

FIND = """
    SELECT p.kind, p.key, p.paused_until, p.months, p.channel
    FROM contact_preference p
    JOIN unnest(CAST(:kinds AS text[]), CAST(:keys AS text[])) AS n(kind, key) USING (kind, key)
    WHERE p.tenant = :tenant
"""


async def find(uow: UnitOfWork, tenant: str, entries: Sequence[SuppressionEntry]) -> Sequence[Row[Any]]:
    """What was chosen for these."""
    return (await uow.execute(FIND, _values(tenant, entries))).all()


STORE = """
    INSERT INTO contact_preference AS p (
        tenant, kind, key, paused_until, months, channel, changed_at, person
    )
    SELECT :tenant, kind, key, CAST(:paused_until AS timestamptz), CAST(:months AS smallint),
        CAST(:channel AS text), :now, :person
    FROM unnest(CAST(:kinds AS text[]), CAST(:keys AS text[])) AS n(kind, key)
    ORDER BY 2, 3
    ON CONFLICT (tenant, kind, key) DO UPDATE SET
        paused_until = EXCLUDED.paused_until, months = EXCLUDED.months, channel = EXCLUDED.channel,
        changed_at = EXCLUDED.changed_at, person = EXCLUDED.person
"""


async def store(
    uow: UnitOfWork,
    tenant: str,
    entries: Sequence[SuppressionEntry],
    preferences: Preferences,
    person: str,
) -> None:
    """Let this hold for these, in place of what was chosen before.

    :param preferences: at least one of the three.
    :param person: the pseudonym of who chose it.
    """
    channel = ",".join(sorted(preferences.refused_channels)) or None
    chosen = {"paused_until": preferences.paused_until, "months": preferences.months or None}
    values = {**_values(tenant, entries), **chosen, "channel": channel, "person": person, "now": uow.now}
    await uow.execute(STORE, values)


REMOVE = """
    DELETE FROM contact_preference p
    USING unnest(CAST(:kinds AS text[]), CAST(:keys AS text[])) AS n(kind, key)
    WHERE p.tenant = :tenant AND p.kind = n.kind AND p.key = n.key
"""


async def remove(uow: UnitOfWork, tenant: str, entries: Sequence[SuppressionEntry]) -> None:
    """Forget what was chosen for these."""
    await uow.execute(REMOVE, _values(tenant, entries))


def _values(tenant: str, entries: Sequence[SuppressionEntry]) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "kinds": [entry.kind for entry in entries],
        "keys": [entry.key for entry in entries],
    }
