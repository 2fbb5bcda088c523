"""Take the rows of files: part by part, each by a transaction that also moves the position behind it.

Events, customers and suppressions are written, or published, in that transaction: each once, whatever is
killed. Answers are the collector's: it is asked before, without a transaction here, and an answer that comes
to it twice changes nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row as SqlRow
from structlog import get_logger

from services.dispatcher.csv_records import Row
from services.dispatcher.imports import repository, taking
from services.dispatcher.imports.domain import LEASE, RETRY_DELAY, Import
from services.dispatcher.imports.import_commands import reading_of
from services.dispatcher.imports.items import FaultyRow, Item, ItemReader
from services.dispatcher.imports.row_customers import texts_of
from services.dispatcher.imports.taking import CompanyFacts
from services.dispatcher.imports.uploads import rows_of_part
from services.dispatcher.one_by_one import OneByOne
from shared.db import UnitOfWork
from shared.db.database import Database
from shared.privacy.service_client import ServiceClient, ServiceUnavailable
from shared.telemetry.metrics import IMPORTED_ROWS
from shared.tenancy.closed import find_left

log = get_logger()
IMPORTS_LOOP = "imports"
MAX_DUE = 20


@dataclass(frozen=True)
class Processing:
    """Takes the rows of all companies' files, a part of each in turn."""

    database: Database
    secret: str
    services: ServiceClient
    one_by_one: OneByOne

    async def advance(self) -> bool:
        """Take the next part of each import; returns whether there is more to do at once."""
        async with self.database.reading() as uow:
            due = await repository.find_due(uow, MAX_DUE)
        return await self.one_by_one.advance(due, self._advance)

    async def _advance(self, row: SqlRow[Any]) -> bool:
        async with self.database.transaction() as uow:
            job = await repository.claim(uow, row.tenant, row.id, LEASE)
            if job is None:
                return False
            content = await repository.read_part(uow, job.tenant, job.id, job.next_part)
            reader, facts = await reading_of(uow, self.secret, job, job.mapping)
            if content is None:
                await repository.end(uow, job.tenant, job.id, "done")
                return False
        await self._take(job, reader, facts, await asyncio.to_thread(rows_of_part, content))
        return True

    async def _take(self, job: Import, reader: ItemReader, facts: CompanyFacts, rows: Sequence[Row]) -> None:
        reads = await asyncio.to_thread(lambda: [reader.read(row) for row in rows])
        items = [each for each in reads if isinstance(each, Item)]
        faults = [each for each in reads if isinstance(each, FaultyRow)]
        added = 0
        if job.kind == "answers" and items:
            try:
                sent = await self._send_answers(job, items)
                faults, added = [*faults, *sent.faults], sent.new
            except ServiceUnavailable as away:
                await self._put_off(job, away)
                return
        async with self.database.transaction() as uow:
            if await find_left(uow, [job.tenant]):
                return
            locked = await repository.lock(uow, job.tenant, job.id)
            if locked is None or locked.state != "running" or locked.next_part != job.next_part:
                return  # another worker took the part, since this one was late; or somebody stopped it
            faults += await self._keep(uow, job, facts, items)
            await self._keep_faults(uow, job, reader, facts, rows, faults)
            refused = sum(not fault.is_taken for fault in faults)
            taken = len(rows) - refused
            await repository.move(
                uow, job.tenant, job.id, job.next_part, taken=taken, refused=refused, added=added
            )
            if job.next_part + 1 == job.parts:
                await repository.end(uow, job.tenant, job.id, "done")
        IMPORTED_ROWS.labels(job.kind, "taken").inc(taken)
        IMPORTED_ROWS.labels(job.kind, "refused").inc(refused)

    async def _keep(
        self, uow: UnitOfWork, job: Import, facts: CompanyFacts, items: Sequence[Item]
    ) -> list[FaultyRow]:
        match job.kind:
            case "events":
                events, faults = await asyncio.to_thread(
                    taking.read_events, facts, job.mapping, items, uow.now
                )
                return [*faults, *taking.publish_events(uow, job.tenant, events)]
            case "customers":
                customers, faults = taking.read_customer_rows(facts, job.mapping, items)
                if customers:
                    faults += await taking.keep_customer_rows(uow, self.secret, job, customers)
                return faults
            case "suppressions":
                listed, faults = taking.read_suppressions(facts, job.mapping, items, uow.now)
                if listed:
                    await taking.keep_suppressions(uow, self.secret, job, listed)
                return faults
            case "answers":
                return []

    async def _send_answers(self, job: Import, items: Sequence[Item]) -> taking.SentAnswers:
        answered = await self.services.post(
            "collector",
            "answers",
            taking.answers_body(items),
            purpose="import",
            tenant=job.tenant,
            language=job.language,
        )
        return taking.sent_answers(job.mapping, items, answered)

    async def _put_off(self, job: Import, away: ServiceUnavailable) -> None:
        log.warning("import_waits", tenant=job.tenant, about=str(job.id), service=away.service)
        async with self.database.transaction() as uow:
            await repository.set_lease(uow, job.tenant, job.id, uow.now + RETRY_DELAY)

    async def _keep_faults(
        self,
        uow: UnitOfWork,
        job: Import,
        reader: ItemReader,
        facts: CompanyFacts,
        rows: Sequence[Row],
        faults: Sequence[FaultyRow],
    ) -> None:
        """Keep the faulty rows to be mended; of customers who were erased, the fault alone."""
        by_number = {row.number: row for row in rows}
        texts = [
            (fault.number, texts_of(job.mapping, reader.names, by_number[fault.number].cells))
            for fault in faults
        ]
        erased = await taking.erased_rows(uow, facts, job.kind, texts)
        await repository.add_faults(
            uow,
            job.tenant,
            job.id,
            [(fault, None if fault.number in erased else by_number[fault.number].cells) for fault in faults],
        )
