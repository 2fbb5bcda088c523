"""A small service for the tests of the erasing loop: it stores notes of customers."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, MetaData, Table, Text
from support.http_clients import SECRET
from support.stack import Postgres

from shared.clock import system_clock
from shared.db.database import Database, UnitOfWork
from shared.db.tables import kernel_tables
from shared.events import CUSTOMERS, CustomerErased, Topic
from shared.health import Health
from shared.kafka.kernel.dead_letters import dead_letter_key, dead_letter_topic, encode_headers
from shared.privacy.backfill import PersonalTable, person_indexes
from shared.privacy.dead_letters import DeadLetterSearch
from shared.privacy.erased import (
    TARGETS,
    Target,
    erased_table,
    keep_erased,
    of_target,
    target_id,
    target_values,
)
from shared.privacy.erasing import Erasing
from shared.privacy.persons import NOBODY, person_of
from shared.privacy.rolling import SegmentRolling
from shared.tenancy.closed import closed_company_table

SERVICE_NAME = "notes"
TENANT = "acme"
TOPICS_OF_DEAD_LETTERS = tuple(
    dead_letter_topic(f"{name}.v1", SERVICE_NAME) for name in ("transactions", "answers")
)

ERASE_NOTES = f"""
    UPDATE note t SET words = NULL, customer_id = NULL, contact_key = NULL, person = '{NOBODY}'
    FROM {TARGETS}
    WHERE {of_target()}
"""
FIND_BAD = f"SELECT 1 FROM note t JOIN {TARGETS} ON {of_target()} WHERE t.words = 'bad'"


@dataclass
class NoteService:
    """The service's database and what its erasing meets."""

    database: Database
    bootstrap: str
    table: Table
    metadata: MetaData
    under_way: set[str] = field(default_factory=set)
    """Ids of targets of whom something is under way."""
    asked: list[int] = field(default_factory=list)
    """How many customers each call was to erase."""
    before_erase: Callable[[], Any] | None = None

    async def erase(self, uow: UnitOfWork, targets: Sequence[Target]) -> Collection[Target]:
        """Refuse them when a note of one is bad, as the database refuses a row that breaks a rule."""
        self.asked.append(len(targets))
        if self.before_erase is not None:
            await self.before_erase()
        if (await uow.execute(FIND_BAD, target_values(targets))).first() is not None:
            await uow.execute("SELECT 1 / 0")
        stopped = [target for target in targets if target.id in self.under_way]
        free = [target for target in targets if target not in stopped]
        await uow.execute(ERASE_NOTES, target_values(free))
        return stopped

    def worker(self, bootstrap: str | None = None, database: Database | None = None) -> Erasing:
        database, bootstrap = database or self.database, bootstrap or self.bootstrap
        search = DeadLetterSearch(bootstrap, SECRET, TOPICS_OF_DEAD_LETTERS, database)
        health = Health(SERVICE_NAME)
        tables = [PersonalTable(self.table)]
        rolling = SegmentRolling(database, bootstrap, TOPICS_OF_DEAD_LETTERS)
        return Erasing(SERVICE_NAME, database, SECRET, tables, self.erase, search, rolling, health)

    async def rows(self, sql: str, **values: Any) -> Sequence[Any]:
        async with self.database.reading() as uow:
            return (await uow.execute(sql, values)).all()

    async def execute(self, sql: str, **values: Any) -> None:
        async with self.database.transaction() as uow:
            await uow.execute(sql, values)

    async def write(
        self, *ids: str, words: str = "a word", tenant: str = TENANT, person: bool = True
    ) -> None:
        """A note of each customer; without a pseudonym as the version before wrote them."""
        for each in ids:
            await self.execute(
                "INSERT INTO note VALUES (:tenant, :key, :customer, :contact, :words, :person)",
                tenant=tenant,
                key=f"{each}-{words}",
                customer=each,
                contact=f"contact of {each}",
                words=words,
                person=person_of(SECRET, tenant, each) if person else None,
            )

    async def note_erased(self, *ids: str, tenant: str = TENANT, contact: str | None = None) -> list[Target]:
        targets = []
        for each in ids:
            person = person_of(SECRET, tenant, each)
            targets.append(Target(tenant, target_id(person, contact), person, contact))
        events = [
            CUSTOMERS.event(
                target.tenant,
                CustomerErased(
                    id=target.id,
                    version=1,
                    erased_at=self.database.clock(),
                    person=target.person,
                    contact=contact,
                ),
                self.database.clock(),
            )
            for target in targets
        ]
        async with self.database.transaction() as uow:
            await keep_erased(uow, events)
        return targets

    async def words(self) -> dict[str, str | None]:
        return {row.key: row.words for row in await self.rows("SELECT key, words FROM note")}

    async def waiting(self) -> set[str]:
        return {row.id for row in await self.rows("SELECT id FROM erased WHERE done_at IS NULL")}

    async def published(self, topic: Topic[Any]) -> list[Any]:
        found = await self.rows(
            "SELECT value FROM outbox WHERE topic = :topic ORDER BY seq", topic=topic.name
        )
        return [topic.decode(bytes(row.value)).data for row in found]

    async def tombstones(self) -> set[tuple[str, bytes]]:
        found = await self.rows("SELECT topic, key FROM outbox WHERE value IS NULL AND headers IS NULL")
        return {(row.topic, bytes(row.key)) for row in found}


def dead_letter(
    offset: int, value: bytes | None, key: bytes | None, *, topic: str = "answers.v1"
) -> tuple[str, bytes, bytes | None, bytes]:
    """A dead letter as a consumer publishes it: topic, key, value and encoded headers."""
    headers = encode_headers(topic, 0, offset, key, "unreadable", system_clock(), [])
    return dead_letter_topic(topic, SERVICE_NAME), dead_letter_key(topic, 0, offset), value, headers


@asynccontextmanager
async def a_note_service(postgres: Postgres, kafka: str) -> AsyncIterator[NoteService]:
    metadata = MetaData()
    kernel_tables(metadata)
    erased_table(metadata)
    closed_company_table(metadata)
    table = Table(
        "note",
        metadata,
        Column("tenant", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("customer_id", Text),
        Column("contact_key", Text),
        Column("words", Text),
        Column("person", Text),
    )
    person_indexes(table)
    database = Database(await postgres.create_database("scorer"))
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        yield NoteService(database, kafka, table, metadata)
    finally:
        await database.close()
