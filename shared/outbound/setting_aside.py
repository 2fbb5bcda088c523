"""A loop by the clock: deliveries that are due, but whose company may send nothing now, are set aside.

The claim would read past each of them for every message of another company. They stay as they are otherwise,
and are due again as soon as their company may send. A claim still checks the company itself.
"""

from typing import get_args

from shared.db import Database, UnitOfWork
from shared.events.surveys import ChannelName
from shared.health import Health
from shared.outbound.channel_names import DeliveryChannel
from shared.runtime import Loop, Periodic

CHECK_INTERVAL_S = 2.0
MAX_ROWS_PER_PASS = 2_000
"""Of each channel: so many are looked at in the order of claims, and at most so many are marked."""
SET_ASIDE_LOOP = "deliveries set aside"
_CHANNELS: tuple[DeliveryChannel, ...] = (*get_args(ChannelName), "push")

SET_ASIDE = """
    WITH first_due AS MATERIALIZED (
        SELECT f.tenant, f.about_id, f.n
        FROM unnest(CAST(:channels AS text[])) AS c(channel)
        CROSS JOIN LATERAL (
            SELECT tenant, about_id, n FROM delivery
            WHERE channel = c.channel AND state = 'waiting' AND NOT set_aside AND due_at <= :now
            ORDER BY due_at
            LIMIT :limit
        ) f
    ), found AS MATERIALIZED (
        SELECT d.tenant, d.about_id, d.n
        FROM first_due w
        JOIN delivery d ON d.tenant = w.tenant AND d.about_id = w.about_id AND d.n = w.n
        WHERE d.state = 'waiting' AND NOT ({may_leave})
        FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE delivery AS d SET set_aside = true
    FROM found f
    WHERE d.tenant = f.tenant AND d.about_id = f.about_id AND d.n = f.n
"""
# The companies one after the other by the index, whose rows may be many.
TAKE_BACK = """
    WITH RECURSIVE companies AS (
        (SELECT tenant FROM delivery WHERE set_aside AND state = 'waiting' ORDER BY tenant LIMIT 1)
        UNION ALL
        SELECT (
            SELECT d.tenant FROM delivery d
            WHERE d.set_aside AND d.state = 'waiting' AND d.tenant > c.tenant
            ORDER BY d.tenant
            LIMIT 1
        )
        FROM companies c
        WHERE c.tenant IS NOT NULL
    ), open AS MATERIALIZED (
        SELECT w.tenant FROM companies w WHERE w.tenant IS NOT NULL AND {may_leave}
    ), found AS MATERIALIZED (
        SELECT d.tenant, d.about_id, d.n
        FROM delivery d
        WHERE d.set_aside AND d.state = 'waiting' AND d.tenant = ANY(ARRAY(SELECT tenant FROM open))
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
    )
    UPDATE delivery AS d SET set_aside = false
    FROM found f
    WHERE d.tenant = f.tenant AND d.about_id = f.about_id AND d.n = f.n
"""


async def set_aside(uow: UnitOfWork, may_leave: str) -> int:
    """Mark those whose company may not send, and unmark those whose company may again; how many of both.

    :param may_leave: a condition on a delivery ``w`` that speaks of its tenant alone.
    """
    values = {"now": uow.now, "limit": MAX_ROWS_PER_PASS}
    marked = await uow.execute(SET_ASIDE.format(may_leave=may_leave), {**values, "channels": list(_CHANNELS)})
    unmarked = await uow.execute(TAKE_BACK.format(may_leave=may_leave), {"limit": MAX_ROWS_PER_PASS})
    return marked.rowcount + unmarked.rowcount


def setting_aside_loop(database: Database, health: Health, may_leave: str) -> Loop:
    """The loop that does so every few seconds; any number of workers may run it."""

    async def step() -> float | None:
        async with database.transaction() as uow:
            changed = await set_aside(uow, may_leave)
        return 0 if changed else None

    return Periodic(SET_ASIDE_LOOP, step, CHECK_INTERVAL_S, health).run
