"""``erased``: customers whose personal data a service has erased or is about to, and strips when they come.

Rows are never deleted: a record that is read again, or a client that imports again, must not bring them back.
They hold keyed hashes alone.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, DateTime, Index, MetaData, Table, Text, text

from shared.db.database import Database, UnitOfWork
from shared.events import CustomerErased, Event
from shared.events.dedupe import newest
from shared.privacy.subjects import Subject

ERASED_DDL = (
    """
    CREATE TABLE erased (
        tenant text NOT NULL,
        id text NOT NULL,
        person text NOT NULL,
        contact text,
        erased_at timestamptz NOT NULL,
        done_at timestamptz,
        CONSTRAINT pk_erased PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_erased_tenant_person ON erased (tenant, person)",
    "CREATE INDEX ix_erased_waiting ON erased (erased_at) WHERE done_at IS NULL",
)
"""For the migration of a service that stores something of customers."""
BARRIER_TIMEOUT = "3s"
"""Longer than PostgreSQL's ``deadlock_timeout``, after which an automatic vacuum of the table gives way."""
CONFIRMING_SERVICES = ("dispatcher", "collector", "scorer", "alerts")
"""The services that store something of customers: an erasure is done when each of them has confirmed it."""


class Target(NamedTuple):
    """Whom an erasure is about: a person, under every address or under one."""

    tenant: str
    id: str
    person: str
    contact: str | None

    def covers(self, subject: Subject) -> bool:
        """Whether what is stored under this subject is erased. What names no address is the person's."""
        return (self.tenant, self.person) == (subject.tenant, subject.person) and (
            self.contact is None or subject.contact in (None, self.contact)
        )


def target_id(person: str, contact: str | None) -> str:
    """The id of the target, which is the same for every request about the same customer."""
    return person if contact is None else f"{person}.{contact}"


def erased_table(metadata: MetaData) -> None:
    """Add ``erased`` to a service's tables."""
    Table(
        "erased",
        metadata,
        Column("tenant", Text, primary_key=True),
        Column("id", Text, primary_key=True),
        Column("person", Text, nullable=False),
        Column("contact", Text),
        Column("erased_at", DateTime(timezone=True), nullable=False),
        # When this service has erased what it had stored; NULL: not yet.
        Column("done_at", DateTime(timezone=True)),
        Index(None, "tenant", "person"),
        Index("ix_erased_waiting", "erased_at", postgresql_where=text("done_at IS NULL")),
    )


# A later request about the same customer, and a restored database, erase once more what may have come since.
KEEP_ERASED = """
    INSERT INTO erased AS t (tenant, id, person, contact, erased_at)
    SELECT * FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS text[]), CAST(:persons AS text[]),
        CAST(:contacts AS text[]), CAST(:times AS timestamptz[])
    )
    ORDER BY 1, 2
    ON CONFLICT (tenant, id) DO UPDATE SET erased_at = EXCLUDED.erased_at, done_at = NULL
    WHERE t.erased_at < EXCLUDED.erased_at
"""


async def keep_erased(uow: UnitOfWork, events: Sequence[Event[CustomerErased]]) -> None:
    """Handle ``customers`` events: from now on the handlers strip these customers, and a loop erases them."""
    latest = newest(events, lambda customer: customer.id)
    await uow.execute(
        KEEP_ERASED,
        {
            "tenants": [event.tenant for event in latest],
            "ids": [event.data.id for event in latest],
            "persons": [event.data.person or event.data.id for event in latest],
            "contacts": [event.data.contact for event in latest],
            "times": [event.data.erased_at for event in latest],
        },
    )


# FOR KEY SHARE locks the table, even where no row is found: that is what ``wait_for_unaware`` waits for.
FIND_ERASED = """
    SELECT e.tenant, e.id, e.person, e.contact
    FROM erased e
    JOIN unnest(CAST(:tenants AS text[]), CAST(:persons AS text[])) AS n(tenant, person)
        USING (tenant, person)
    FOR KEY SHARE OF e
"""


async def find_erased(uow: UnitOfWork, subjects: Iterable[Subject]) -> set[Subject]:
    """Those of the subjects who are erased.

    Whoever is about to store something of a customer asks this first, in the same transaction: an erasure
    that begins meanwhile waits for it.
    """
    asked = list(subjects)
    pairs = sorted({(subject.tenant, subject.person) for subject in asked})
    if not pairs:
        return set()
    tenants, persons = zip(*pairs, strict=True)
    rows = await uow.execute(FIND_ERASED, {"tenants": list(tenants), "persons": list(persons)})
    targets = [Target._make(row) for row in rows]
    if not targets:  # nearly always
        return set()
    return {subject for subject in asked if any(target.covers(subject) for target in targets)}


SET_LOCK_TIMEOUT = f"""
    SET LOCAL lock_timeout = '{BARRIER_TIMEOUT}'
"""
LOCK_ERASED = "LOCK TABLE erased IN EXCLUSIVE MODE"


async def wait_for_unaware(database: Database) -> None:
    """Return when no transaction is left that has looked for erased customers before now.

    What it may have stored of those who were added since can be erased then. A backup that reads the table is
    not waited for.
    """
    async with database.transaction() as uow:
        await uow.execute(SET_LOCK_TIMEOUT)
        await uow.execute(LOCK_ERASED)


FIND_WAITING = """
    SELECT tenant, id, person, contact FROM erased
    WHERE done_at IS NULL AND (tenant, id) > (:tenant, :id)
    ORDER BY tenant, id
    LIMIT :limit
"""


async def find_waiting(uow: UnitOfWork, after: tuple[str, str], limit: int) -> list[Target]:
    """The next customers whom this service has not erased yet."""
    rows = await uow.execute(FIND_WAITING, {"tenant": after[0], "id": after[1], "limit": limit})
    return [Target._make(row) for row in rows]


LOCK_WAITING = """
    SELECT e.tenant, e.id, e.person, e.contact
    FROM erased e
    JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS text[])) AS n(tenant, id) USING (tenant, id)
    WHERE e.done_at IS NULL
    ORDER BY 1, 2
    FOR NO KEY UPDATE OF e SKIP LOCKED
"""


async def lock_waiting(uow: UnitOfWork, targets: Collection[Target]) -> list[Target]:
    """Those of them that still wait and that no other worker erases at this moment."""
    rows = await uow.execute(
        LOCK_WAITING,
        {"tenants": [each.tenant for each in targets], "ids": [each.id for each in targets]},
    )
    return [Target._make(row) for row in rows]


TARGETS = """
    unnest(CAST(:tenants AS text[]), CAST(:persons AS text[]), CAST(:contacts AS text[]))
    AS n(tenant, person, contact)
"""
"""The targets as rows ``n``, from ``target_values``."""


def of_target(contact: str = "t.contact_key", row: str = "t") -> str:
    """The condition that a row is of the target ``n``, like :meth:`Target.covers`.

    :param contact: the SQL of the keyed hash of the row's address.
    """
    return (
        f"{row}.tenant = n.tenant AND {row}.person = n.person "
        f"AND (n.contact IS NULL OR {contact} IS NULL OR {contact} = n.contact)"
    )


def target_values(targets: Collection[Target]) -> dict[str, Any]:
    """The parameters of ``TARGETS``."""
    return {
        "tenants": [each.tenant for each in targets],
        "persons": [each.person for each in targets],
        "contacts": [each.contact for each in targets],
    }


STORE_DONE = """
    UPDATE erased e SET done_at = :now
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS text[])) AS n(tenant, id)
    WHERE e.tenant = n.tenant AND e.id = n.id
"""


async def store_done(uow: UnitOfWork, targets: Collection[Target]) -> None:
    """Nothing of these customers is stored any more."""
    await uow.execute(
        STORE_DONE,
        {
            "tenants": [each.tenant for each in targets],
            "ids": [each.id for each in targets],
            "now": uow.now,
        },
    )
