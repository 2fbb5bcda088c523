"""Deliveries: one row for each message on its way to one person, in a table that each sending service has.

What a message is about, such as an invitation or a notice, has a row of its own in its service, and may have
several deliveries: ``n`` = 1 is the first, and the next is added only when the one before it was sent. So at
most one of them is on its way, and the others are settled; what relies on that says so. A sender claims a
delivery in one transaction, sends it with none open, and settles it in the next one. A sender that dies in
between leaves a lease that expires: the delivery is ``unknown`` from then on, and is never sent again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    Row,
    Table,
    Text,
    Uuid,
    text,
)

from shared.db import UnitOfWork
from shared.db.bulk import insert
from shared.db.tables import NAMING_CONVENTION
from shared.outbound.channel_names import DeliveryChannel
from shared.outbound.outcome_rules import LEASE_DURATION, MailResult

Kind = Literal["first", "reminder", "notice", "reply", "update"]
"""``first``: a survey, for the first time; ``reminder``: the same once more; ``notice``: to a colleague;
``reply``: to a customer, from a case; ``update``: to a customer, of what has been done since."""
DeliveryState = Literal["waiting", "sending", "sent", "failed", "dropped", "unknown"]

LEASE_ENDED = "the sender did not come back to say what became of it"
"""The reason of a delivery whose lease has expired, as people see it."""
POSSIBLY_SENT = "the database was restored: it may have been sent since the backup"

DELIVERY_DDL = (
    """
    CREATE TABLE delivery (
        tenant text NOT NULL,
        about_id uuid NOT NULL,
        n integer NOT NULL DEFAULT 1,
        kind text NOT NULL,
        channel text NOT NULL DEFAULT 'mail',
        state text NOT NULL DEFAULT 'waiting',
        reason text,
        due_at timestamptz NOT NULL,
        lease_until timestamptz,
        attempts integer NOT NULL DEFAULT 0,
        refusals integer NOT NULL DEFAULT 0,
        CONSTRAINT pk_delivery PRIMARY KEY (tenant, about_id, n),
        CONSTRAINT ck_delivery_state CHECK (
            state IN ('waiting', 'sending', 'sent', 'failed', 'dropped', 'unknown')
        )
    )
    """,
    "CREATE INDEX ix_delivery_due ON delivery (channel, due_at) WHERE state = 'waiting'",
    "CREATE INDEX ix_delivery_lease ON delivery (lease_until) WHERE state = 'sending'",
)
"""For the migration of a service that begins to send; later changes are migrations of their own."""
SET_ASIDE_DDL = (
    "ALTER TABLE delivery ADD COLUMN set_aside boolean NOT NULL DEFAULT false",
    "DROP INDEX ix_delivery_due",
    "CREATE INDEX ix_delivery_due ON delivery (channel, set_aside, due_at) WHERE state = 'waiting'",
    "CREATE INDEX ix_delivery_aside ON delivery (tenant) WHERE set_aside AND state = 'waiting'",
)
"""For the migration of a service that sends."""

_INSTANT = DateTime(timezone=True)
DELIVERY = Table(
    "delivery",
    MetaData(naming_convention=NAMING_CONVENTION),
    Column("tenant", Text, primary_key=True),
    Column("about_id", Uuid, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False, server_default="1"),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False, server_default="mail"),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("reason", Text),
    Column("due_at", _INSTANT, nullable=False),
    Column("lease_until", _INSTANT),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("refusals", Integer, nullable=False, server_default="0"),
    # Its company may send nothing now: see setting_aside.
    Column("set_aside", Boolean, nullable=False, server_default=text("false")),
    # When it was sent, or ended otherwise; NULL: not yet, or ended by a version that did not keep this.
    Column("settled_at", _INSTANT),
    CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed', 'dropped', 'unknown')", name="state"),
    Index("ix_delivery_due", "channel", "set_aside", "due_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_delivery_aside", "tenant", postgresql_where=text("set_aside AND state = 'waiting'")),
    Index("ix_delivery_lease", "lease_until", postgresql_where=text("state = 'sending'")),
)


def delivery_table(metadata: MetaData) -> None:
    """Add ``delivery`` to a service's tables."""
    DELIVERY.to_metadata(metadata)


class NewDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is to be sent."""

    tenant: str
    about_id: UUID
    """What it is about, such as the invitation or the notice."""
    n: int = 1
    """Which of the deliveries about it this is."""
    kind: Kind
    channel: DeliveryChannel = "mail"
    due_at: datetime
    state: Literal["waiting", "unknown"] = "waiting"
    """``unknown``: it may have been sent already, and never will be."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that a sender has claimed."""

    tenant: str
    about_id: UUID
    n: int
    kind: Kind
    channel: DeliveryChannel
    attempts: int
    """How often it was tried before."""
    refusals: int
    """How many of these tries ended in a refusal that did not name its mailbox."""
    lease_until: datetime
    """Until then only this sender may send it."""
    waited_for: str | None = None
    """The reason for which it was due only now."""


async def add(uow: UnitOfWork, deliveries: Sequence[NewDelivery]) -> None:
    """Queue deliveries; one that is there already stays as it is."""
    if deliveries:
        await insert(uow, DELIVERY, deliveries)


_COLUMNS = {"waited_for": "reason"}
"""Of fields that are not named as their column: a row that deliveries are about may have one of that name."""
_FIELDS = ", ".join(f"d.{_COLUMNS.get(name, name)} AS {name}" for name in Delivery.__struct_fields__)


def claim_sql(
    *, columns: str, joined: str, locked: str, may_leave: str = "true", first: str = "w.due_at"
) -> str:
    """The statement of :func:`claim`.

    :param columns: what ``prepare`` needs of the row that a delivery is about.
    :param joined: the JOIN of that row to the delivery ``w``.
    :param locked: its name: it is locked, too, and skipped while another transaction has it.
    :param may_leave: a condition on both.
    :param first: by what order one of several is claimed.
    """
    # Materialized, so that it is evaluated once: a subquery may be evaluated for each row of ``delivery``,
    # and claim another row each time.
    return f"""
        WITH due AS MATERIALIZED (
            SELECT w.tenant AS due_tenant, w.about_id AS due_about_id, w.n AS due_n, {columns}
            FROM delivery w
            {joined}
            WHERE w.channel = :channel AND w.state = 'waiting' AND NOT w.set_aside AND w.due_at <= :now
                AND (w.reason IS NULL OR NOT CAST(:untried AS boolean))
                AND {may_leave}
            ORDER BY {first}
            LIMIT 1
            FOR UPDATE OF w, {locked} SKIP LOCKED
        )
        UPDATE delivery AS d SET state = 'sending', lease_until = :lease_until
        FROM due
        WHERE d.tenant = due_tenant AND d.about_id = due_about_id AND d.n = due_n
        RETURNING {_FIELDS}, due.*
    """


async def claim(
    uow: UnitOfWork, statement: str, channel: DeliveryChannel, *, untried: bool = False, **values: Any
) -> tuple[Delivery, Row[Any]] | None:
    """Mark the delivery that has been due for longest as being sent; with the row that it is about.

    :param untried: claim none but one that nothing has kept from leaving yet.
    :param values: what the statement's own condition names.
    """
    common = {
        "now": uow.now,
        "lease_until": uow.now + LEASE_DURATION,
        "channel": channel,
        "untried": untried,
    }
    found = await uow.execute(statement, {**common, **values})
    row = found.one_or_none()
    return None if row is None else (_delivery(row), row)


SETTLE = """
    UPDATE delivery
    SET state = :state, reason = :reason, lease_until = NULL,
        settled_at = CASE WHEN CAST(:state AS text) <> 'waiting' THEN CAST(:now AS timestamptz) END,
        due_at = coalesce(CAST(:next_at AS timestamptz), due_at),
        attempts = attempts + CAST(:tried AS integer),
        refusals = refusals + CAST(:refused AS integer)
    WHERE tenant = :tenant AND about_id = :about_id AND n = :n
        AND state = 'sending' AND lease_until = :lease_until
    RETURNING n
"""


async def settle(uow: UnitOfWork, delivery: Delivery, result: MailResult) -> bool:
    """Record the result of a claimed delivery; False if its lease had expired: it stays unknown."""
    settled = await uow.execute(
        SETTLE,
        {
            "tenant": delivery.tenant,
            "about_id": delivery.about_id,
            "n": delivery.n,
            "lease_until": delivery.lease_until,
            "now": uow.now,
            "state": result.state,
            "reason": result.reason,
            "next_at": result.next_at,
            "tried": int(result.tried),
            "refused": int(result.refused),
        },
    )
    return settled.one_or_none() is not None


_END_ROWS = """
    WITH ended AS MATERIALIZED (
        SELECT tenant, about_id, n FROM delivery
        WHERE {condition}
        ORDER BY tenant, about_id, n
        LIMIT :limit
        {locking}
    )
    UPDATE delivery AS d SET state = 'unknown', reason = :reason, lease_until = NULL, settled_at = :now
    FROM ended
    WHERE d.tenant = ended.tenant AND d.about_id = ended.about_id AND d.n = ended.n
    RETURNING d.tenant, d.about_id
"""
END_EXPIRED = _END_ROWS.format(
    condition="state = 'sending' AND lease_until < :now", locking="FOR UPDATE SKIP LOCKED"
)
# It waits for a locked row: a recovery that skipped it would end, and it would be sent once more.
END_POSSIBLY_SENT = _END_ROWS.format(
    condition="state = 'sending' OR state = 'waiting' AND due_at <= :now", locking="FOR UPDATE"
)


async def end_expired(uow: UnitOfWork, limit: int) -> list[tuple[str, UUID]]:
    """Make unknown those whose sender did not settle them in time; returns what they are about."""
    return await _end(uow, END_EXPIRED, LEASE_ENDED, limit)


async def end_possibly_sent(uow: UnitOfWork, limit: int) -> list[tuple[str, UUID]]:
    """Make unknown those that may have been sent since a backup; returns what they are about."""
    return await _end(uow, END_POSSIBLY_SENT, POSSIBLY_SENT, limit)


async def _end(uow: UnitOfWork, statement: str, reason: str, limit: int) -> list[tuple[str, UUID]]:
    ended = await uow.execute(statement, {"now": uow.now, "reason": reason, "limit": limit})
    # Neither n nor kind: what they are about tells the delivery, since only one of its is on its way.
    return sorted((row.tenant, row.about_id) for row in ended)


COUNT_DUE_AND_SENDING = """
    SELECT
        count(*) FILTER (WHERE state = 'waiting') AS due,
        count(*) FILTER (WHERE state = 'sending') AS sending,
        min(due_at) FILTER (WHERE state = 'waiting') AS oldest
    FROM (
        SELECT state, due_at FROM delivery w
        WHERE state = 'waiting' AND NOT set_aside AND due_at <= :now AND {counted}
        UNION ALL
        SELECT state, due_at FROM delivery WHERE state = 'sending'
    ) d
"""


async def count_due_and_sending(uow: UnitOfWork, counted: str = "true") -> Row[Any]:
    """How many are due, since when the oldest of them is, and how many are being sent.

    :param counted: a condition on those that are due, ``w``.
    """
    return (await uow.execute(COUNT_DUE_AND_SENDING.format(counted=counted), {"now": uow.now})).one()


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.__struct_fields__})
