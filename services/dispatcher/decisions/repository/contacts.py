"""``customer``: when each customer id, and each address by its keyed hash, was last asked."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row

from shared.db import UnitOfWork
from shared.privacy.persons import NOBODY


class CustomerRow(NamedTuple):
    """A row to be locked: a customer's id, or the keyed hash of an address in its place."""

    tenant: str
    id: str
    address: str | None
    """The hash of the address that the id came with; an address's row has its own."""
    several: bool
    """Whether the id came with more than one address in this batch."""
    person: str = NOBODY
    """Whose the id is; the row of an address is of nobody, since it may come under several ids."""


LOCK_CUSTOMERS = """
    INSERT INTO customer AS c (tenant, id, address, several, person)
    SELECT * FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS text[]), CAST(:addresses AS text[]),
        CAST(:several AS boolean[]), CAST(:persons AS text[])
    )
    ORDER BY 1, 2
    ON CONFLICT (tenant, id) DO UPDATE SET
        address = coalesce(c.address, EXCLUDED.address),
        several = c.several OR EXCLUDED.several OR coalesce(c.address <> EXCLUDED.address, false)
    WHERE c.address IS NULL AND EXCLUDED.address IS NOT NULL
        OR NOT c.several AND (EXCLUDED.several OR c.address <> EXCLUDED.address)
"""


async def lock_customers(uow: UnitOfWork, customers: Iterable[CustomerRow]) -> None:
    """Lock the rows in sorted order; each is there afterwards and knows its address, or that it has several.

    A row that has nothing to learn is locked all the same.
    """
    rows = sorted(customers, key=lambda row: (row.tenant, row.id))
    await uow.execute(
        LOCK_CUSTOMERS,
        {
            "tenants": [row.tenant for row in rows],
            "ids": [row.id for row in rows],
            "addresses": [row.address for row in rows],
            "several": [row.several for row in rows],
            "persons": [row.person for row in rows],
        },
    )


FIND_LAST_ASKED = """
    SELECT c.tenant, c.id,
        greatest(CASE WHEN n.ours THEN c.invited_at END, c.asked_elsewhere_at) AS asked_at
    FROM customer c
    JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS text[]), CAST(:ours AS boolean[]))
        AS n(tenant, id, ours) USING (tenant, id)
    WHERE n.ours AND c.invited_at IS NOT NULL OR c.asked_elsewhere_at IS NOT NULL
"""


async def find_last_asked(
    uow: UnitOfWork, keys: Collection[tuple[str, str]], without_ours: Container[tuple[str, str]] = ()
) -> Sequence[Row[Any]]:
    """When each (tenant, id or hash of an address) was last asked, by us or elsewhere.

    :param without_ours: the keys of which what we asked does not count.
    """
    rows = await uow.execute(
        FIND_LAST_ASKED,
        {
            "tenants": [tenant for tenant, _ in keys],
            "ids": [key for _, key in keys],
            "ours": [key not in without_ours for key in keys],
        },
    )
    return rows.all()


FIND_LAST_MAILS = """
    SELECT c.tenant, c.id, c.last_mail_at FROM customer c
    JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS text[])) AS n(tenant, id) USING (tenant, id)
    WHERE c.last_mail_at IS NOT NULL
"""


async def find_last_mails(uow: UnitOfWork, keys: Collection[tuple[str, str]]) -> Sequence[Row[Any]]:
    """When the last message to each (tenant, id or hash of an address) left, a reminder too."""
    rows = await uow.execute(
        FIND_LAST_MAILS, {"tenants": [tenant for tenant, _ in keys], "ids": [key for _, key in keys]}
    )
    return rows.all()


FIND_SEVERAL = """
    SELECT several FROM customer WHERE tenant = :tenant AND id = :id
"""


async def has_several_addresses(uow: UnitOfWork, tenant: str, customer_id: str) -> bool:
    """Whether this id has come with more than one address."""
    return bool((await uow.execute(FIND_SEVERAL, {"tenant": tenant, "id": customer_id})).scalar())


STORE_INVITED = """
    INSERT INTO customer AS c (tenant, id, invited_at)
    SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS text[]), CAST(:times AS timestamptz[]))
    ORDER BY 1, 2
    ON CONFLICT (tenant, id) DO UPDATE SET
        invited_at = greatest(c.invited_at, EXCLUDED.invited_at),
        invited_before = CASE
            WHEN c.invited_at IS NOT NULL
            THEN greatest(c.invited_before, least(c.invited_at, EXCLUDED.invited_at))
        END
    WHERE c.invited_at IS DISTINCT FROM EXCLUDED.invited_at
"""


async def store_invited(uow: UnitOfWork, contacts: Sequence[tuple[str, str, datetime]]) -> None:
    """Store when we invited each (tenant, id or hash of an address).

    The latest counts, in whatever order they come; the one before it is kept in case that mail does not
    arrive.
    """
    await uow.execute(STORE_INVITED, _sorted_columns(contacts))


LOCK_INVITED = """
    SELECT 1 FROM customer c
    JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS text[])) AS n(tenant, id) USING (tenant, id)
    ORDER BY c.tenant, c.id
    FOR UPDATE OF c
"""


async def lock_invited(uow: UnitOfWork, keys: Collection[tuple[str, str]]) -> None:
    """Lock these (tenant, id), as far as they are there, before something of them is forgotten."""
    await uow.execute(
        LOCK_INVITED, {"tenants": [tenant for tenant, _ in keys], "ids": [key for _, key in keys]}
    )


LOCK_MORE = """
    SELECT c.tenant, c.id FROM customer c
    JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS text[])) AS n(tenant, id) USING (tenant, id)
    ORDER BY c.tenant, c.id
    FOR UPDATE OF c SKIP LOCKED
"""


async def lock_more(uow: UnitOfWork, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Lock further rows behind those that are locked already, without waiting for anybody; returns which."""
    values = {"tenants": [tenant for tenant, _ in keys], "ids": [key for _, key in keys]}
    return {(row.tenant, row.id) for row in await uow.execute(LOCK_MORE, values)}


# ``asked`` has every earlier one, ``invited_before`` one that a version without that table stored.
FORGET_INVITED = """
    WITH n AS MATERIALIZED (
        SELECT tenant, id, array_agg(at) AS times
        FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS text[]), CAST(:times AS timestamptz[]))
            AS u(tenant, id, at)
        GROUP BY 1, 2
    )
    UPDATE customer c
    SET invited_before = NULL,
        invited_at = CASE
            WHEN c.invited_at = ANY(n.times) THEN greatest(
                CASE WHEN c.invited_before <> ALL(n.times) THEN c.invited_before END,
                (
                    SELECT max(a.asked_at) FROM asked a
                    WHERE a.tenant = c.tenant AND a.contact = c.id AND NOT a.elsewhere
                )
            )
            ELSE c.invited_at
        END
    FROM n
    WHERE c.tenant = n.tenant AND c.id = n.id
        AND (c.invited_at = ANY(n.times) OR c.invited_before = ANY(n.times))
"""


async def forget_invited(uow: UnitOfWork, contacts: Sequence[tuple[str, str, datetime]]) -> None:
    """The mail to each (tenant, id) that was due then has certainly not arrived: the last one that is left
    counts again.
    """
    await uow.execute(FORGET_INVITED, _sorted_columns(contacts))


# A second transaction waits for the first one's rows, and finds its mail there: also one by which this mail
# has not been judged yet. They are locked in sorted order, and none is written unless all are free.
_LOCKED = """
    WITH locked AS MATERIALIZED (
        SELECT tenant, id, last_mail_at, last_mail FROM customer
        WHERE tenant = :tenant AND id = ANY(CAST(:keys AS text[]))
        ORDER BY id
        FOR UPDATE
    )
"""
TAKE_TURN = f"""
    {_LOCKED}, taken AS MATERIALIZED (
        SELECT max(last_mail_at) AS at FROM locked
        WHERE id = ANY(CAST(:judged AS text[])) AND last_mail <> :turn
            AND (last_mail_at > :before OR last_mail <> ALL(CAST(:judged_after AS text[])))
    ), written AS (
        INSERT INTO customer (tenant, id, last_mail_at, last_mail)
        SELECT :tenant, n.id, :now, :turn
        FROM unnest(CAST(:keys AS text[])) AS n(id) CROSS JOIN taken t
        WHERE t.at IS NULL
        ORDER BY n.id
        ON CONFLICT (tenant, id) DO UPDATE
        SET last_mail_at = EXCLUDED.last_mail_at, last_mail = EXCLUDED.last_mail
        RETURNING id
    )
    SELECT t.at FROM taken t
"""


async def take_turn(
    uow: UnitOfWork,
    tenant: str,
    keys: Collection[str],
    judged: Collection[str],
    turn: str,
    cap_hours: int,
    judged_after: Collection[str],
) -> datetime | None:
    """Store under the keys that this mail leaves now, unless another one has left within these hours, or
    since it was judged: then when the last one did.

    :param judged: the keys under which another one counts.
    :param judged_after: the last mails under the keys when this one was judged.
    """
    values = {
        "tenant": tenant,
        "keys": sorted(keys),
        "judged": list(judged),
        "turn": turn,
        "now": uow.now,
        "judged_after": list(judged_after),
    }
    before = uow.now - timedelta(hours=cap_hours)
    found: datetime | None = (await uow.execute(TAKE_TURN, {**values, "before": before})).scalar_one()
    return found


# The message before it counts again, by when it left: the cap may be longer by now. A link has no delivery.
GIVE_TURN_BACK = f"""
    {_LOCKED}
    UPDATE customer c SET last_mail_at = e.left_at, last_mail = e.turn
    FROM locked l
    LEFT JOIN LATERAL (
        SELECT x.left_at, x.turn FROM asked a
        CROSS JOIN LATERAL (
            SELECT w.settled_at AS left_at, CAST(w.about_id AS text) || '/' || w.n AS turn
            FROM delivery w
            WHERE w.tenant = a.tenant AND w.about_id = a.id AND w.state IN ('sent', 'unknown')
            UNION ALL
            SELECT i.sent_at, CAST(i.id AS text) || '/1'
            FROM invitation i
            WHERE i.tenant = a.tenant AND i.id = a.id
        ) x
        WHERE a.tenant = l.tenant AND a.contact = l.id AND NOT a.elsewhere AND x.left_at IS NOT NULL
        ORDER BY x.left_at DESC
        LIMIT 1
    ) e ON true
    WHERE c.tenant = l.tenant AND c.id = l.id AND l.last_mail = :turn
"""


async def give_turn_back(uow: UnitOfWork, tenant: str, keys: Collection[str], turn: str) -> None:
    """The mail has certainly not left, so the last one under each key is the one before it."""
    await uow.execute(GIVE_TURN_BACK, {"tenant": tenant, "keys": sorted(keys), "turn": turn})


STORE_ASKED_ELSEWHERE = """
    INSERT INTO customer AS c (tenant, id, asked_elsewhere_at, person)
    SELECT * FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS text[]), CAST(:times AS timestamptz[]),
        CAST(:persons AS text[])
    )
    ORDER BY 1, 2
    ON CONFLICT (tenant, id) DO UPDATE SET
        asked_elsewhere_at = greatest(c.asked_elsewhere_at, EXCLUDED.asked_elsewhere_at)
    WHERE c.asked_elsewhere_at IS DISTINCT FROM EXCLUDED.asked_elsewhere_at
"""


async def store_asked_elsewhere(
    uow: UnitOfWork,
    customers: Sequence[tuple[str, str, datetime]],
    persons: Mapping[tuple[str, str], str | None],
) -> None:
    """Store when another system asked each (tenant, customer id); the latest counts.

    :param persons: whose each id is; None: not known.
    """
    columns = _sorted_columns(customers)
    keys = zip(columns["tenants"], columns["ids"], strict=True)
    await uow.execute(STORE_ASKED_ELSEWHERE, {**columns, "persons": [persons[key] for key in keys]})


def _sorted_columns(rows: Sequence[tuple[str, str, datetime]]) -> dict[str, Any]:
    rows = sorted(rows)
    return {
        "tenants": [tenant for tenant, _, _ in rows],
        "ids": [key for _, key, _ in rows],
        "times": [at for _, _, at in rows],
    }
