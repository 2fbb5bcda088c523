"""``asked``: by whom and about what each contact was asked, a row for each invitation that may have arrived.

There is one under the address and one under the customer's id. A row hangs on that of the contact in
``customer``, which is locked first by whoever writes here.
"""

from collections.abc import Collection, Container, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.dispatcher.models import asked
from shared.db import UnitOfWork
from shared.db.bulk import insert as insert_rows
from shared.ids import derived

OF_INVITATIONS = "asked"
OF_OTHER_SYSTEMS = "asked elsewhere"
BACKFILLS = (OF_INVITATIONS, OF_OTHER_SYSTEMS)
"""The places of the backfill that brings earlier versions' rows here."""


class AskedRow(NamedTuple):
    """A time at which a contact was asked; ``contact``: the keyed hash of an address, or a customer's id."""

    tenant: str
    contact: str
    id: UUID
    asked_at: datetime
    elsewhere: bool
    measurement: str | None
    touchpoint: str | None
    survey_id: UUID | None


async def store(uow: UnitOfWork, rows: Sequence[AskedRow]) -> None:
    """Store what our invitations asked; what is stored already stays as it is."""
    await insert_rows(uow, asked, rows)


def elsewhere_id(measurement: str | None, touchpoint: str | None) -> UUID:
    """The id of the one row for what other systems asked a customer about this; None: not known what."""
    return derived("asked elsewhere", measurement or "", touchpoint or "")


STORE_ELSEWHERE = """
    INSERT INTO asked AS t (tenant, contact, id, asked_at, elsewhere, measurement, touchpoint)
    SELECT n.tenant, n.contact, n.id, n.asked_at, true, n.measurement, n.touchpoint
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:contacts AS text[]), CAST(:ids AS uuid[]),
        CAST(:times AS timestamptz[]), CAST(:measurements AS text[]), CAST(:touchpoints AS text[])
    ) AS n(tenant, contact, id, asked_at, measurement, touchpoint)
    ORDER BY 1, 2, 3
    ON CONFLICT (tenant, contact, id) DO UPDATE SET asked_at = EXCLUDED.asked_at
    WHERE t.asked_at < EXCLUDED.asked_at
"""


async def store_elsewhere(uow: UnitOfWork, rows: Sequence[AskedRow]) -> None:
    """Store what other systems asked; the latest of each row counts."""
    await uow.execute(
        STORE_ELSEWHERE,
        {
            "tenants": [row.tenant for row in rows],
            "contacts": [row.contact for row in rows],
            "ids": [row.id for row in rows],
            "times": [row.asked_at for row in rows],
            "measurements": [row.measurement for row in rows],
            "touchpoints": [row.touchpoint for row in rows],
        },
    )


# A contact's own row comes beside each of its questions, so that most contacts are one row; it is looked up
# by its key, however little the planner knows of the table. The state of an invitation is looked at behind
# the join, which is by a whole key alone: see ``replaced``.
FIND_ASKED = """
    SELECT n.place, c.invited_at, c.asked_elsewhere_at, max(a.asked_at) AS asked_at, a.elsewhere,
        a.measurement, a.touchpoint, a.survey_id,
        CASE WHEN i.state = 'waiting' THEN i.event_id END AS unsent_about,
        EXISTS (SELECT FROM backfill b WHERE b.name = ANY(CAST(:backfills AS text[]))) AS backfilling
    FROM unnest(CAST(:tenants AS text[]), CAST(:contacts AS text[]), CAST(:ours AS boolean[]))
        WITH ORDINALITY AS n(tenant, contact, ours, place)
    LEFT JOIN LATERAL (
        SELECT CASE WHEN n.ours THEN c.invited_at END AS invited_at, c.asked_elsewhere_at FROM customer c
        WHERE c.tenant = n.tenant AND c.id = n.contact
        OFFSET 0
    ) c ON true
    LEFT JOIN asked a ON a.tenant = n.tenant AND a.contact = n.contact AND (n.ours OR a.elsewhere)
    LEFT JOIN invitation i ON i.tenant = a.tenant AND i.id = a.id
    WHERE a.asked_at IS NOT NULL OR c.invited_at IS NOT NULL OR c.asked_elsewhere_at IS NOT NULL
    GROUP BY n.place, c.invited_at, c.asked_elsewhere_at, a.elsewhere, a.measurement, a.touchpoint,
        a.survey_id, unsent_about
"""


class FoundAskedRow(NamedTuple):
    """A question to a contact, or only when it was last asked."""

    key: tuple[str, str]
    """The tenant, and the id or the hash of an address."""
    invited_at: datetime | None
    """When we last asked the contact at all."""
    asked_elsewhere_at: datetime | None
    """When other systems last did."""
    asked_at: datetime | None
    """When it was last asked so; None: nothing is known but the two times before."""
    elsewhere: bool | None
    measurement: str | None
    touchpoint: str | None
    survey_id: UUID | None
    unsent_about: UUID | None
    """The event that a mail is about that has not left."""
    backfilling: bool
    """Whether earlier versions' rows are still being brought here."""


async def find(
    uow: UnitOfWork, keys: Collection[tuple[str, str]], without_ours: Container[tuple[str, str]] = ()
) -> list[FoundAskedRow]:
    """When each (tenant, id or hash of an address) was last asked by each survey about each touchpoint.

    A mail that has not left is a row of its own. Who was never asked has none.

    :param without_ours: the keys of which what we asked does not count.
    """
    places = list(keys)
    rows = await uow.execute(
        FIND_ASKED,
        {
            "tenants": [tenant for tenant, _ in places],
            "contacts": [contact for _, contact in places],
            "ours": [key not in without_ours for key in places],
            "backfills": list(BACKFILLS),
        },
    )
    return [FoundAskedRow._make((places[row.place - 1], *row[1:])) for row in rows]


FORGET_ASKED = """
    DELETE FROM asked t
    USING unnest(CAST(:tenants AS text[]), CAST(:contacts AS text[]), CAST(:ids AS uuid[]))
        AS n(tenant, contact, id)
    WHERE t.tenant = n.tenant AND t.contact = n.contact AND t.id = n.id
"""


async def forget(uow: UnitOfWork, asked: Collection[tuple[str, str, UUID]]) -> None:
    """The mail of each (tenant, contact, invitation) has certainly not arrived."""
    await uow.execute(
        FORGET_ASKED,
        {
            "tenants": [tenant for tenant, _, _ in asked],
            "contacts": [contact for _, contact, _ in asked],
            "ids": [invitation_id for _, _, invitation_id in asked],
        },
    )


REMOVE_ASKED = """
    DELETE FROM asked t
    USING unnest(CAST(:tenants AS text[]), CAST(:contacts AS text[])) AS n(tenant, contact)
    WHERE t.tenant = n.tenant AND t.contact = n.contact
"""


async def remove(uow: UnitOfWork, keys: Collection[tuple[str, str]]) -> None:
    """Remove what is known of these (tenant, id), whose rows of ``customer`` were removed."""
    await uow.execute(
        REMOVE_ASKED,
        {"tenants": [tenant for tenant, _ in keys], "contacts": [contact for _, contact in keys]},
    )
