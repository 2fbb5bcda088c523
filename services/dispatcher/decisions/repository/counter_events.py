"""``counter_event``: the counter-events that came, while they count; ``countered``: what each of them did."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.decisions.counter_events import Asking, RememberedCounter
from services.dispatcher.models import counter_event
from shared.db import UnitOfWork
from shared.db.bulk import insert as insert_rows
from shared.events.contact_policies import CounterEffect
from shared.privacy.persons import NOBODY

REMEMBERED = timedelta(days=365)
"""For so long after it came a counter-event counters what comes later: no survey asks about what is older."""
COUNTERED_REASON = "countered"
"""Why an invitation, and its delivery, is dropped."""
HELD_REASON = "counter_event"
"""Why one waits."""
MAX_WAITING = 1_000
"""So many mails are countered at once; of more, each when it is due."""


class CounteredRow(NamedTuple):
    """What a counter-event did to one mail."""

    tenant: str
    event_id: UUID
    """Of the event that the mail asks about."""
    counter_id: UUID
    n: int
    effect: CounterEffect
    until: datetime | None = None
    """Until when it holds it."""


async def remember(uow: UnitOfWork, counters: Sequence[RememberedCounter]) -> None:
    """Store counter-events; one that is there already stays as it is."""
    if counters:
        await insert_rows(uow, counter_event, counters)


_COLUMNS = ", ".join(f"c.{name}" for name in RememberedCounter._fields)
FIND_COUNTERS = f"""
    SELECT {_COLUMNS} FROM counter_event c
    WHERE c.tenant = ANY(CAST(:tenants AS text[])) AND c.known_at > :since
        AND (
            c.order_id = ANY(CAST(:orders AS text[]))
            OR c.person = ANY(CAST(:persons AS text[]))
            OR c.contact = ANY(CAST(:contacts AS text[]))
        )
"""


async def find(uow: UnitOfWork, askings: Collection[Asking]) -> list[RememberedCounter]:
    """The counter-events that may be about these mails: of their orders and customers."""
    rows = await uow.execute(
        FIND_COUNTERS,
        {
            "tenants": sorted({each.tenant for each in askings}),
            "orders": sorted({each.order_id for each in askings if each.order_id is not None}),
            "persons": sorted({each.person for each in askings} - {NOBODY}),
            "contacts": sorted({each.contact for each in askings if each.contact is not None}),
            "since": uow.now - REMEMBERED,
        },
    )
    return [RememberedCounter._make(row) for row in rows]


# An address is found by the customers who came under it, as in the search of events. What a sender or an
# erasure holds is skipped: the sender judges a mail by the counter-events that it finds.
FIND_WAITING = """
    WITH n AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:tenants AS text[]), CAST(:orders AS text[]), CAST(:persons AS text[]),
            CAST(:contacts AS text[])
        ) AS u(tenant, order_id, person, contact)
    ), of_persons AS MATERIALIZED (
        SELECT n.tenant, n.person FROM n WHERE n.person IS NOT NULL
        UNION
        SELECT k.tenant, k.person FROM n
        JOIN known_customer k ON k.tenant = n.tenant AND k.contact = n.contact AND k.contact <> ''
    ), found AS MATERIALIZED (
        SELECT i.tenant, i.id FROM of_persons p
        JOIN invitation i ON i.tenant = p.tenant AND i.person = p.person
        UNION
        SELECT i.tenant, i.id FROM n
        JOIN invitation i ON i.tenant = n.tenant AND i.order_id = n.order_id
    )
    SELECT i.tenant, i.id, i.version, i.state, i.reason, i.sent_at, i.body, w.n, w.kind, w.due_at,
        p.contact AS known_contact, p.locale, p.country, p.time_zone
    FROM found f
    JOIN delivery w ON w.tenant = f.tenant AND w.about_id = f.id AND w.state = 'waiting'
    JOIN invitation i ON i.tenant = f.tenant AND i.id = f.id
    LEFT JOIN customer_profile p ON p.tenant = i.tenant AND p.person = i.person
    WHERE i.state = 'waiting' OR w.kind = 'reminder'
    ORDER BY w.tenant, w.about_id, w.n
    LIMIT :limit
"""
LOCK_WAITING = f"{FIND_WAITING} FOR UPDATE OF w, i SKIP LOCKED"


async def find_waiting(
    uow: UnitOfWork, counters: Sequence[RememberedCounter], *, lock: bool
) -> Sequence[Row[Any]]:
    """Mails that wait and may be about the orders and customers of these counter-events.

    With what is known of the customer of each.

    :param lock: lock their deliveries and invitations, without those that another transaction has.
    """
    of_customers = [each.scope == "customer" for each in counters]
    rows = await uow.execute(
        LOCK_WAITING if lock else FIND_WAITING,
        {
            "tenants": [each.tenant for each in counters],
            "orders": [each.order_id for each in counters],
            "persons": [
                each.person if of and each.person != NOBODY else None
                for each, of in zip(counters, of_customers, strict=True)
            ],
            "contacts": [
                each.contact if of else None for each, of in zip(counters, of_customers, strict=True)
            ],
            "limit": MAX_WAITING,
        },
    )
    return rows.all()


DROP_DELIVERY = f"""
    UPDATE delivery SET state = 'dropped', reason = '{COUNTERED_REASON}', settled_at = :now
    WHERE tenant = :tenant AND about_id = :id AND n = :n
"""


async def drop_delivery(uow: UnitOfWork, tenant: str, invitation_id: UUID, n: int) -> None:
    """End a locked message that waits to be sent."""
    await uow.execute(DROP_DELIVERY, {"tenant": tenant, "id": invitation_id, "n": n, "now": uow.now})


HOLD_DELIVERY = f"""
    UPDATE delivery SET reason = '{HELD_REASON}', due_at = :until
    WHERE tenant = :tenant AND about_id = :id AND n = :n
"""


async def hold_delivery(uow: UnitOfWork, tenant: str, invitation_id: UUID, n: int, until: datetime) -> None:
    """Let a locked message wait longer."""
    await uow.execute(HOLD_DELIVERY, {"tenant": tenant, "id": invitation_id, "n": n, "until": until})


NOTE_COUNTERED = """
    INSERT INTO countered AS t (tenant, event_id, counter_id, n, effect, at, until)
    SELECT u.tenant, u.event_id, u.counter_id, u.n, u.effect, CAST(:now AS timestamptz), u.until
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:events AS uuid[]), CAST(:counters AS uuid[]),
        CAST(:numbers AS integer[]), CAST(:effects AS text[]), CAST(:untils AS timestamptz[])
    ) AS u(tenant, event_id, counter_id, n, effect, until)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (tenant, event_id, counter_id, n) DO UPDATE SET
        effect = EXCLUDED.effect, at = EXCLUDED.at, until = EXCLUDED.until
    WHERE t.effect = 'hold'
"""


async def note(uow: UnitOfWork, done: Iterable[CounteredRow]) -> None:
    """Store what counter-events did, for the pages of both events."""
    columns = list(zip(*set(done), strict=True))
    if not columns:
        return
    names = ("tenants", "events", "counters", "numbers", "effects", "untils")
    values = {name: list(column) for name, column in zip(names, columns, strict=True)}
    await uow.execute(NOTE_COUNTERED, {**values, "now": uow.now})


LIST_COUNTERED = """
    SELECT c.event_id, c.counter_id, c.n, c.effect, c.at, c.until, d.source_id, d.facts, d.segments
    FROM countered c
    LEFT JOIN decision d ON d.tenant = c.tenant
        AND d.event_id = CASE WHEN c.event_id = :event_id THEN c.counter_id ELSE c.event_id END
    WHERE c.tenant = :tenant AND (c.event_id = :event_id OR c.counter_id = :event_id)
    ORDER BY c.at, c.n, c.event_id, c.counter_id
    LIMIT :limit
"""
MAX_LISTED = 100


async def list_countered(uow: UnitOfWork, tenant: str, event_id: UUID) -> Sequence[Row[Any]]:
    """What counter-events did to the mails about an event, and what it did to those about others.

    With the other event of each: its id and facts (None: it is not kept any more), and its segments.
    """
    values = {"tenant": tenant, "event_id": event_id, "limit": MAX_LISTED}
    return (await uow.execute(LIST_COUNTERED, values)).all()


IS_COUNTER = """
    SELECT EXISTS (SELECT FROM counter_event WHERE tenant = :tenant AND event_id = :event_id)
"""


async def is_counter(uow: UnitOfWork, tenant: str, event_id: UUID) -> bool:
    """Whether this event is remembered as a counter-event."""
    return bool((await uow.execute(IS_COUNTER, {"tenant": tenant, "event_id": event_id})).scalar_one())
