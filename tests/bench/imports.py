"""A company's file of events: from its bytes to the outbox, against the csv module and COPY; and what memory it takes."""

import csv
import json
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

import asyncpg
from bench.results import Result, interleaved
from bench.scorer import TENANT
from bench.servers import Servers
from bench.waves import resident_mb

from services.dispatcher.imports import import_commands, repository
from services.dispatcher.imports.domain import MAX_ROWS_PER_PART
from services.dispatcher.imports.mapping import Mapping
from services.dispatcher.imports.processing import IMPORTS_LOOP, Processing
from services.dispatcher.one_by_one import OneByOne
from shared.db.database import Database
from shared.events import TRANSACTIONS
from shared.privacy.audit import AuditActor
from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import ServiceTokens

ROW_COUNT = 100_000
MIN_RATIO = 0.06
MAX_GROWTH_MB = 32
COLUMNS = (
    "id", "at", "customer", "email", "phone", "name", "locale", "country", "touchpoint", "store", "amount",
)  # fmt: skip
MAPPING = Mapping(
    fields={
        "id": "id",
        "occurred_at": "at",
        "customer.id": "customer",
        "customer.email": "email",
        "customer.phone": "phone",
        "customer.name": "name",
        "customer.locale": "locale",
        "customer.country": "country",
        "segments.touchpoint": "touchpoint",
        "segments.store": "store",
        "numbers.amount": "amount",
    },
    values={"type": "order.delivered"},
)
WHO = AuditActor("command_line", None, "bench")
COUNT_OUTBOX = "SELECT count(*) FROM outbox"


async def taken(servers: Servers) -> list[Result]:
    """Each round has a database of its own; the worker's pauses, and the relay, are left out."""
    count, growth = servers.size(ROW_COUNT), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder, "orders.csv"), Path(folder, "few.csv")
        size = _write(whole, count)
        _write(small, MAX_ROWS_PER_PART)

        async def ours() -> float:
            async with servers.database("dispatcher") as database:
                # What the first part loads and caches is no growth by the file.
                await _import(database, servers.state.secret, small)
                seconds, more = await _import(database, servers.state.secret, whole)
                await _check(database, count + MAX_ROWS_PER_PART)
            growth.append(more)
            return count / seconds

        async def bare() -> float:
            async with servers.database("dispatcher") as database:
                seconds = await _copy(database, whole)
                await _check(database, count)
            return count / seconds

        found = await interleaved(servers.rounds, {"ours": ours, "bare": bare})
        rows = f"{count:,} rows, {size / 1e6:.0f} MB"
    return [
        Result("imports", "a file of events", "rows/s", found["ours"], "csv module and COPY", found["bare"],
               min_ratio=MIN_RATIO, size=rows,
               note="found its encoding, stored in parts, read again, checked, made into transactions and kept "
               "with its position, on one connection. The worker rests as long as it worked, which halves it"),
        Result("imports_memory", "the same, memory that it takes more", "MB", growth,
               max_value=MAX_GROWTH_MB, size=rows),
    ]  # fmt: skip


def _write(path: Path, rows: int) -> int:
    """Write so many rows; returns how many bytes they are."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(rows):
            one = number % 5_000
            person = (f"c-{one}", f"customer{one}@example.com", "+45 12 34 56 78", "Astrid Nørgaard")
            of_sale = ("checkout", f"store-{number % 40}", "129.50")
            writer.writerow((f"order-{number}", now, *person, "da-DK", "DK", *of_sale))
    return path.stat().st_size


async def _import(database: Database, secret: str, path: Path) -> tuple[float, float]:
    """Seconds from the file to the last row in the outbox, and the megabytes that were needed beside."""
    processing = Processing(
        database,
        secret,
        ServiceClient("http://127.0.0.1", ServiceTokens(secret)),  # events are nobody else's
        OneByOne(IMPORTS_LOOP, database),
    )
    before, began = resident_mb(), time.monotonic()
    with path.open("rb") as file:
        job, _ = await import_commands.upload(database, TENANT, "events", file, WHO, name="", language="en")
    most = resident_mb()
    async with database.transaction() as uow:
        await import_commands.begin(uow, job, MAPPING, WHO, language="en")
    while await processing.advance():
        most = max(most, resident_mb())
    seconds = time.monotonic() - began
    async with database.reading() as uow:
        ended = await repository.find(uow, TENANT, job.id)
    if ended is None or ended.state != "done" or ended.refused:
        raise RuntimeError(f"the import did not end well: {ended}")
    return seconds, most - before


async def _copy(database: Database, path: Path) -> float:
    """What a script does: read, encode, COPY into the outbox, by transactions of as many rows as ours. It checks
    nothing, keeps no position, and what it had taken when it dies is taken twice.
    """
    url = database.url.replace("+asyncpg", "")
    connection = await asyncpg.connect(url)
    try:
        began = time.monotonic()
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            for part in iter(partial(_part, rows), []):
                await connection.copy_records_to_table(
                    "outbox", records=part, columns=("topic", "key", "value")
                )
        return time.monotonic() - began
    finally:
        await connection.close()


def _part(rows: "csv.DictReader[str]") -> list[tuple[str, bytes, bytes]]:
    return [_record(row) for row in islice(rows, MAX_ROWS_PER_PART)]


def _record(row: dict[str, str]) -> tuple[str, bytes, bytes]:
    event = {
        "specversion": "1.0",
        "type": "order.delivered",
        "tenant": TENANT,
        "id": row["id"],
        "time": row["at"],
        "data": {
            "customer": {name: row[name] for name in ("email", "phone", "name", "locale", "country")},
            "segments": {name: row[name] for name in ("touchpoint", "store")},
            "attributes": {"amount": float(row["amount"])},
        },
    }
    return TRANSACTIONS.name, f"{TENANT}/{row['id']}".encode(), json.dumps(event).encode()


async def _check(database: Database, wanted: int) -> None:
    async with database.reading() as uow:
        found = (await uow.execute(COUNT_OUTBOX)).scalar_one()
    # Who began an import is in the log, by the outbox too.
    if not wanted <= found <= wanted + 2:
        raise RuntimeError(f"{found} rows in the outbox, not {wanted}")
