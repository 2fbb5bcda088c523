"""What is erased of customers in each of the dispatcher's tables: each statement takes many at once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.invitations.repository import COLUMNS
from shared.db import UnitOfWork
from shared.privacy.erased import TARGETS, Target, of_target, target_values
from shared.privacy.persons import NOBODY
from shared.privacy.subjects import NO_DIGEST

ERASED_REASON = "erased"
"""Why an invitation, and its delivery, is dropped."""
_CONTACT_OF_INVITATION = "(CAST(convert_from(i.body, 'UTF8') AS json) ->> 'contact_key')"
_OF_INVITATION = of_target(_CONTACT_OF_INVITATION, row="i")

LOCK_DELIVERIES = f"""
    SELECT d.tenant, d.about_id, d.state
    FROM delivery d
    JOIN invitation i ON i.tenant = d.tenant AND i.id = d.about_id
    JOIN {TARGETS} ON {_OF_INVITATION}
    ORDER BY d.tenant, d.about_id, d.n
    FOR UPDATE OF d
"""


async def lock_deliveries(uow: UnitOfWork, targets: Collection[Target]) -> Sequence[Row[Any]]:
    """Lock the messages about these customers' invitations: no sender claims one from now on."""
    return (await uow.execute(LOCK_DELIVERIES, target_values(targets))).all()


DROP_DELIVERIES = """
    UPDATE delivery d SET state = 'dropped', reason = :reason, settled_at = :now
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id)
    WHERE d.tenant = n.tenant AND d.about_id = n.id AND d.state = 'waiting'
"""


async def drop_deliveries(uow: UnitOfWork, invitations: Sequence[tuple[str, UUID]]) -> None:
    """End the locked messages that wait to be sent."""
    await uow.execute(
        DROP_DELIVERIES,
        {
            "reason": ERASED_REASON,
            "now": uow.now,
            "tenants": [tenant for tenant, _ in invitations],
            "ids": [invitation_id for _, invitation_id in invitations],
        },
    )


LOCK_INVITATIONS = f"""
    SELECT {COLUMNS}, i.person, {_CONTACT_OF_INVITATION} AS contact_key
    FROM invitation i
    JOIN {TARGETS} ON {_OF_INVITATION}
    ORDER BY i.tenant, i.id
    FOR UPDATE OF i
"""


async def lock_invitations(uow: UnitOfWork, targets: Collection[Target]) -> Sequence[Row[Any]]:
    """Lock these customers' invitations; one that two targets cover comes twice."""
    return (await uow.execute(LOCK_INVITATIONS, target_values(targets))).all()


class ErasedInvitation(NamedTuple):
    """The erased form of an invitation, as its row stores it."""

    tenant: str
    id: UUID
    version: int
    state: str
    reason: str | None
    customer_id: str
    body: bytes


WRITE_INVITATIONS = f"""
    UPDATE invitation i
    SET version = n.version, state = n.state, reason = n.reason, customer_id = n.customer_id,
        body = n.body, person = '{NOBODY}', order_id = NULL, changed_at = :now
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]),
        CAST(:states AS text[]), CAST(:reasons AS text[]), CAST(:customer_ids AS text[]),
        CAST(:bodies AS bytea[])
    ) AS n(tenant, id, version, state, reason, customer_id, body)
    WHERE i.tenant = n.tenant AND i.id = n.id
"""


async def write_invitations(uow: UnitOfWork, invitations: Sequence[ErasedInvitation]) -> None:
    """Write the erased form of locked invitations."""
    tenants, ids, versions, states, reasons, customer_ids, bodies = zip(*invitations, strict=True)
    await uow.execute(
        WRITE_INVITATIONS,
        {
            "tenants": list(tenants),
            "ids": list(ids),
            "versions": list(versions),
            "states": list(states),
            "reasons": list(reasons),
            "customer_ids": list(customer_ids),
            "bodies": list(bodies),
            "now": uow.now,
        },
    )


LOCK_CUSTOMERS = f"""
    WITH named AS MATERIALIZED (
        SELECT t.tenant, t.id FROM customer t
        JOIN {TARGETS} ON n.contact IS NULL AND t.tenant = n.tenant AND t.person = n.person
        UNION
        SELECT * FROM unnest(CAST(:key_tenants AS text[]), CAST(:keys AS text[]))
    )
    SELECT 1 FROM customer t JOIN named USING (tenant, id)
    ORDER BY t.tenant, t.id
    FOR UPDATE OF t
"""


async def lock_customers(
    uow: UnitOfWork, targets: Collection[Target], keys: Collection[tuple[str, str]]
) -> None:
    """Lock when these customers were asked, and these (tenant, key) of their addresses, in the one order."""
    own = {"key_tenants": [tenant for tenant, _ in keys], "keys": [key for _, key in keys]}
    await uow.execute(LOCK_CUSTOMERS, {**target_values(targets), **own})


# The rows of addresses stay, by their keyed hashes: the quarantine of an address holds under any other id.
REMOVE_CUSTOMERS = f"""
    WITH found AS MATERIALIZED (
        SELECT t.tenant, t.id FROM customer t
        JOIN {TARGETS} ON n.contact IS NULL AND t.tenant = n.tenant AND t.person = n.person
        WHERE t.id IS DISTINCT FROM t.address
        ORDER BY t.tenant, t.id
        FOR UPDATE OF t
    )
    DELETE FROM customer t USING found f WHERE t.tenant = f.tenant AND t.id = f.id
    RETURNING t.tenant, t.id
"""


async def remove_customers(uow: UnitOfWork, targets: Collection[Target]) -> list[tuple[str, str]]:
    """Remove when these customers were asked, as far as it is stored under their ids; returns which."""
    removed = await uow.execute(REMOVE_CUSTOMERS, target_values(targets))
    return [(row.tenant, row.id) for row in removed]


# An id that others have, too, goes on to be suppressed.
REMOVE_SUPPRESSIONS = f"""
    DELETE FROM suppression t USING {TARGETS}
    WHERE n.contact IS NULL AND t.kind = 'customer' AND t.tenant = n.tenant AND t.person = n.person
"""
ERASE_LIFTS = f"""
    UPDATE suppression_lift t SET key = t.person, reason = NULL, person = '{NOBODY}'
    FROM {TARGETS}
    WHERE n.contact IS NULL AND t.kind = 'customer' AND t.tenant = n.tenant AND t.person = n.person
"""
ERASE_LIFT_REASONS = f"""
    UPDATE suppression_lift t SET reason = NULL
    FROM known_customer k
    JOIN {TARGETS} ON {of_target("nullif(k.contact, '')", row="k")}
    WHERE t.tenant = k.tenant AND t.kind = 'address' AND t.reason IS NOT NULL
        AND t.key IN (nullif(k.contact, ''), nullif(k.phone, ''))
"""


async def erase_suppressions(uow: UnitOfWork, targets: Collection[Target]) -> None:
    """Erase the ids of these customers from the lists, and what colleagues wrote about them.

    A no of an address stays by its keyed hash; and nobody who is erased is ever asked.
    """
    values = target_values(targets)
    await uow.execute(REMOVE_SUPPRESSIONS, values)
    await uow.execute(ERASE_LIFTS, values)
    await uow.execute(ERASE_LIFT_REASONS, values)


REMOVE_PREFERENCES = f"""
    DELETE FROM contact_preference t USING {TARGETS}
    WHERE {of_target("CASE t.kind WHEN 'address' THEN t.key END")}
"""


async def remove_preferences(uow: UnitOfWork, targets: Collection[Target]) -> None:
    """Remove what these customers have chosen about further questions: they get none any more."""
    await uow.execute(REMOVE_PREFERENCES, target_values(targets))


LOCK_DECISIONS = f"""
    SELECT t.tenant, t.event_id, t.source_id, t.customer_id, t.facts, t.grounds
    FROM decision t
    JOIN {TARGETS} ON {of_target()}
    ORDER BY t.tenant, t.event_id
    FOR UPDATE OF t
"""


async def lock_decisions(uow: UnitOfWork, targets: Collection[Target]) -> Sequence[Row[Any]]:
    """Lock the decisions about these customers; one that two targets cover comes twice."""
    return (await uow.execute(LOCK_DECISIONS, target_values(targets))).all()


class ErasedDecision(NamedTuple):
    """The erased form of a decision, as its row stores it."""

    tenant: str
    event_id: UUID
    source_id: str
    facts: bytes
    grounds: bytes


WRITE_DECISIONS = f"""
    UPDATE decision d
    SET source_id = n.source_id, facts = n.facts, grounds = n.grounds, customer_id = '{NOBODY}',
        person = '{NOBODY}', contact_key = NULL, digest = '{NO_DIGEST}',
        difference = NULL, difference_person = NULL, difference_contact = NULL
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:event_ids AS uuid[]), CAST(:source_ids AS text[]),
        CAST(:facts AS bytea[]), CAST(:grounds AS bytea[])
    ) AS n(tenant, event_id, source_id, facts, grounds)
    WHERE d.tenant = n.tenant AND d.event_id = n.event_id
"""


async def write_decisions(uow: UnitOfWork, decisions: Sequence[ErasedDecision]) -> None:
    """Write the erased form of locked decisions."""
    tenants, event_ids, source_ids, facts, grounds = zip(*decisions, strict=True)
    await uow.execute(
        WRITE_DECISIONS,
        {
            "tenants": list(tenants),
            "event_ids": list(event_ids),
            "source_ids": list(source_ids),
            "facts": list(facts),
            "grounds": list(grounds),
        },
    )


ERASE_DIFFERENCES = f"""
    UPDATE decision d SET difference = NULL, difference_person = NULL, difference_contact = NULL
    FROM {TARGETS}
    WHERE d.tenant = n.tenant AND d.difference_person = n.person
    RETURNING d.tenant, d.event_id
"""


async def erase_differences(uow: UnitOfWork, targets: Collection[Target]) -> Sequence[Row[Any]]:
    """Erase what came of these customers under the events of others; returns which events."""
    return (await uow.execute(ERASE_DIFFERENCES, target_values(targets))).all()


ERASE_CASES = f"""
    UPDATE case_heard t SET person = '{NOBODY}', contact_key = NULL
    FROM {TARGETS}
    WHERE {of_target()}
"""


async def erase_cases(uow: UnitOfWork, targets: Collection[Target]) -> None:
    """Let these customers' cases be nobody's."""
    await uow.execute(ERASE_CASES, target_values(targets))


REMOVE_KNOWN = f"""
    DELETE FROM known_customer t USING {TARGETS}
    WHERE {of_target("nullif(t.contact, '')")}
"""


async def remove_known(uow: UnitOfWork, targets: Collection[Target]) -> None:
    """Remove by what these customers were known."""
    await uow.execute(REMOVE_KNOWN, target_values(targets))


# A number may have come with the address or without it.
REMOVE_PROFILES = f"""
    DELETE FROM customer_profile t USING {TARGETS}
    WHERE t.tenant = n.tenant AND t.person = n.person
        AND (n.contact IS NULL OR n.contact IN (t.contact, t.number))
"""


async def remove_profiles(uow: UnitOfWork, targets: Collection[Target]) -> None:
    """Remove what was kept to ask these customers outside of an event."""
    await uow.execute(REMOVE_PROFILES, target_values(targets))


REMOVE_COUNTERS = f"""
    DELETE FROM counter_event t USING {TARGETS}
    WHERE {of_target("t.contact")}
"""


async def remove_counters(uow: UnitOfWork, targets: Collection[Target]) -> None:
    """Forget the counter-events of these customers: what is theirs is not asked about any more."""
    await uow.execute(REMOVE_COUNTERS, target_values(targets))


# A link without its row is as good as one of an earlier version: it stays, as one that was withdrawn.
ERASE_LINKS = f"""
    UPDATE export_link t
    SET person = '{NOBODY}', contact = NULL, contacts = '{{}}', withdrawn_at = coalesce(t.withdrawn_at, :now)
    FROM {TARGETS}
    WHERE {of_target("t.contact")}
"""


async def erase_links(uow: UnitOfWork, targets: Collection[Target]) -> None:
    """End the links to what is kept of these customers, and erase whose they were."""
    await uow.execute(ERASE_LINKS, {**target_values(targets), "now": uow.now})


ERASED_PAGE = """
    SELECT e.tenant, e.id, e.person, e.contact, e.erased_at,
        ARRAY(
            SELECT s.key FROM suppression s
            WHERE s.tenant = e.tenant AND s.person = e.person AND s.kind = 'address'
                AND (e.contact IS NULL OR s.key = e.contact)
            ORDER BY s.key
        ) AS addresses
    FROM erased e
    WHERE CAST(:tenant AS text) IS NULL OR (e.tenant, e.id) > (:tenant, :id)
    ORDER BY e.tenant, e.id
    LIMIT :limit
    FOR SHARE OF e
"""


class ErasedRow(NamedTuple):
    """A row of ``erased``."""

    tenant: str
    id: str
    person: str
    contact: str | None
    erased_at: datetime
    addresses: Sequence[str]
    """Under which nobody is asked any more."""


async def share_erased(uow: UnitOfWork, after: tuple[str, str] | None, limit: int) -> list[ErasedRow]:
    """The next erased customers behind a cursor, locked against change."""
    tenant, last = after or (None, None)
    rows = await uow.execute(ERASED_PAGE, {"tenant": tenant, "id": last, "limit": limit})
    return [ErasedRow._make(row) for row in rows]
