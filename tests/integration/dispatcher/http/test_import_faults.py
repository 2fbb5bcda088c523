"""A long file with every fault in every column, whose worker is interrupted: each row is taken or told, once."""

import asyncio
import csv
import io
import json
import random
import resource
from collections import Counter
from collections.abc import Sequence

import httpx
import pytest
from chaos.file_faults import FAULTS, MAPPINGS
from chaos.imported import KINDS, Imported, SentFile, a_file, wanted_effects
from support.dispatcher_builders import TENANT, keep_tenant, rows
from support.dispatcher_client import by_key
from support.examples import examples, one_in
from support.imports import PATH, FakeCollector, processing, send, take_all

from shared.db.database import Database
from shared.events import KeyDigest
from shared.tenancy import digest_of

ROWS = 2_500
"""100,000 with HYPOTHESIS=deep; a fifth of it in a run of all tests."""
INTERRUPTIONS = 6
MAX_GROWTH_MIB = 64
KEY = "key of files"
SCOPES = ("surveys:write", "events:write", "answers:write")


async def interrupted(database: Database, collector: FakeCollector, chance: random.Random) -> None:
    """Take some parts; what is being taken when the worker is interrupted, another one takes again."""
    for _ in range(INTERRUPTIONS):
        loop = processing(database, collector)
        taking = asyncio.create_task(loop.advance())
        await asyncio.wait({taking}, timeout=chance.uniform(0, 0.1))
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        await loop.services.close()
        async with database.transaction() as uow:
            await uow.execute("UPDATE import_job SET leased_until = '2020-01-01Z'")


async def told(client: httpx.AsyncClient, id_: str) -> Sequence[tuple[int, str, str]]:
    """Row, column and remedy of each line of the file of faults."""
    found = await client.get(f"{PATH}/{id_}/faults.csv", headers=by_key(KEY))
    lines = csv.DictReader(io.StringIO(found.text.removeprefix("\ufeff"), newline=""))
    return [
        (int(line["afterword_row"]), line["afterword_column"], line["afterword_remedy"]) for line in lines
    ]


async def effects(
    database: Database, files: Sequence[SentFile], collector: FakeCollector
) -> dict[str, Counter[str]]:
    """How often each row took effect in this service, and what it gave to the collector."""
    events = await rows(database, "SELECT value FROM outbox WHERE topic = 'transactions.v1'")
    known = await rows(database, "SELECT customer_id FROM customer_profile WHERE customer_id NOT LIKE 'c-%'")
    listed = await rows(database, "SELECT key FROM suppression")
    return {
        **wanted_effects(files),
        "events in the outbox": Counter(json.loads(bytes(row.value))["data"]["id"] for row in events),
        "customers": Counter(row.customer_id for row in known),
        "opt-outs": Counter(row.key for row in listed),
        "answers": Counter(collector.answers.keys()),
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_each_row_of_a_long_file_is_taken_or_told_by_its_column_once_whoever_is_interrupted(
    client: httpx.AsyncClient, database: Database, kind: str
) -> None:
    digest = KeyDigest(id=KEY, name="shop", digest=digest_of(KEY), scopes=SCOPES)
    await keep_tenant(database, TENANT, version=9, keys=(digest,))
    chance = random.Random(kind)
    file = a_file(kind, 0, examples(ROWS) // one_in(5), chance, database.clock())
    assert len(file.faulty) >= len(FAULTS[kind])
    sent = await send(client, kind, file.content, key=KEY)
    file.id = sent.json()["id"]
    assert sent.json()["encoding"] == "utf-8"
    begun = await client.post(f"{PATH}/{file.id}/start", json=MAPPINGS[kind], headers=by_key(KEY))
    assert begun.status_code == 200, begun.text
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    collector = FakeCollector()
    await interrupted(database, collector, chance)
    await take_all(database, collector)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    said = (await client.get(f"{PATH}/{file.id}", headers=by_key(KEY))).json()
    lines = await told(client, file.id)
    found = Imported([file], {file.id: said}, {file.id: lines}, await effects(database, [file], collector))
    assert found.faults() == []
    assert grown < MAX_GROWTH_MIB * 1_024 or kind == "answers", "here the collector is in this process, too"
