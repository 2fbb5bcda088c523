"""The scorer's job with two stream frameworks, and record by record.

Each framework has an environment of its own, installed from a lock with hashes; its program is written as its
documentation teaches, and its first lines tell what it promises. All count the same answers in the same
segments and days; a program that counts wrong has no result.
"""

import asyncio
import hashlib
import os
import secrets
import shutil
import sys
from pathlib import Path
from unittest.mock import patch

import asyncpg
from bench.consumer import catch_up
from bench.results import Result, Side, interleaved, print_progress
from bench.scorer import ANSWER_COUNT, add_tenant, answers
from bench.servers import Servers

from deploy.local.state import CACHE
from services.scorer.handlers import count_answers
from shared.events import ANSWERS
from shared.kafka.kernel import Subscription, consumer

PEERS_FOLDER = Path(__file__).parent / "peers"
PEER_NAMES = ("quixstreams", "faststream")
SINGLE_RECORDS = 2_000
"""Records of the slow side, which needs fewer for a rate."""
SEGMENTS_PER_ANSWER = 7
"""Segments that each answer counts in."""
TIMEOUT_S = 300.0


async def counting(servers: Servers) -> list[Result]:
    """Ours against each of them, taking turns."""
    records = answers(servers.size(ANSWER_COUNT))
    count, few = len(records), min(servers.size(ANSWER_COUNT), SINGLE_RECORDS)
    for name in PEER_NAMES:
        await _make_environment(name)
    await servers.fill(ANSWERS.name, records)

    async def ours() -> float:
        return await _ours(servers, count)

    async def by_record() -> float:
        with patch.object(consumer, "MAX_BATCH_RECORDS", 1):
            return await _ours(servers, few)

    def peer(name: str) -> Side:
        async def side() -> float:
            return await _theirs(servers, name, count)

        return side

    sides = {"ours": ours, **{name: peer(name) for name in PEER_NAMES}, "record": by_record}
    found = await interleaved(servers.rounds, sides)
    what, size = "scorer, the job of others", f"{count:,} answers"
    return [
        Result("scorer_quixstreams", what, "answers/s", found["ours"], "quixstreams, its own sink to PostgreSQL",
               found["quixstreams"], min_ratio=1, size=size),
        Result("scorer_faststream", what, "answers/s", found["ours"], "faststream in batches, asyncpg",
               found["faststream"], min_ratio=1, size=size),
        Result("scorer_by_record", what, "answers/s", found["ours"], "ours with a transaction for each record",
               found["record"], min_ratio=5, size=f"{size}; {few:,} record by record"),
    ]  # fmt: skip


async def _ours(servers: Servers, count: int) -> float:
    async with servers.database("scorer") as database:
        await add_tenant(database)
        return count / await catch_up(
            servers, database, "scorer", Subscription(ANSWERS, count_answers), count
        )


async def _theirs(servers: Servers, name: str, count: int) -> float:
    """By the program's own clock: from its first answer to its last commit."""
    async with servers.database("scorer") as database:
        url = database.url.replace("+asyncpg", "")
        output = await _run(
            str(_environment(name) / "bin" / "python"), str(PEERS_FOLDER / f"{name}_counting.py"),
            PEER_KAFKA=servers.state.kafka, PEER_TOPIC=ANSWERS.name, PEER_DATABASE=url,
            PEER_RECORDS=str(count), PEER_GROUP=f"{name}-{secrets.token_hex(4)}", PYTHONWARNINGS="ignore",
        )  # fmt: skip
        connection = await asyncpg.connect(url)
        try:
            columns = " + ".join(f"c{score}" for score in range(11))
            counted = await connection.fetchval(f"SELECT sum({columns}) FROM counts")
        finally:
            await connection.close()
        if counted != SEGMENTS_PER_ANSWER * count:
            raise RuntimeError(f"{name} counted {counted} and not {SEGMENTS_PER_ANSWER * count}")
        return count / float(output.split()[-1])


def _environment(name: str) -> Path:
    """The environment's folder, named after the lock; it can be installed again at any time."""
    digest = hashlib.sha256((PEERS_FOLDER / f"{name}.lock").read_bytes()).hexdigest()[:12]
    return CACHE / "bench" / f"{name}-{digest}"


async def _make_environment(name: str) -> None:
    place = _environment(name)
    if (place / "made").exists():
        return
    print_progress(f"  installing {name} into {place}")
    uv = str(Path(sys.executable).with_name("uv"))
    shutil.rmtree(place, ignore_errors=True)
    await _run(uv, "venv", "--quiet", "--python", sys.executable, str(place))
    await _run(
        uv, "pip", "install", "--quiet", "--python", str(place / "bin" / "python"),
        "--require-hashes", "--requirement", str(PEERS_FOLDER / f"{name}.lock"),
    )  # fmt: skip
    (place / "made").touch()


async def _run(*command: str, **settings: str) -> str:
    """The output of a command.

    :raises RuntimeError: when it failed; its error output is part of ours.
    """
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **settings}, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"{Path(command[0]).name} {Path(command[1]).name} ended with {process.returncode}")
    return output.decode()
