"""The scorer's job as others would do it: two frameworks, and record by record.

Each framework has an environment of its own, made here from a lock with hashes; its program is written as its
documentation teaches, and says in its first lines what it promises. All count the same answers in the same
segments and days, and who counts wrong has no figure.
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
from bench.consuming import catch_up
from bench.figures import Figure, Side, interleaved, say
from bench.ground import Ground
from bench.scorer import ANSWERED, answers, know

from deploy.local.state import CACHE
from services.scorer.handlers import count_answers
from shared.events import ANSWERS
from shared.kafka.kernel import Subscription, consumer

HERE = Path(__file__).parent / "peers"
PEERS = ("quixstreams", "faststream")
RECORD_BY_RECORD = 2_000
"""So many of them are enough for the slow one: a rate is a rate."""
SEGMENTS = 7
"""What each answer counts in."""
PATIENCE = 300.0


async def counting(ground: Ground) -> list[Figure]:
    """Ours against each of them, all in turn."""
    records = answers(ground.size(ANSWERED))
    count, few = len(records), min(ground.size(ANSWERED), RECORD_BY_RECORD)
    for name in PEERS:
        await _make_environment(name)
    await ground.fill(ANSWERS.name, records)

    async def ours() -> float:
        return await _ours(ground, count)

    async def by_record() -> float:
        with patch.object(consumer, "MAX_BATCH_RECORDS", 1):
            return await _ours(ground, few)

    def peer(name: str) -> Side:
        async def side() -> float:
            return await _theirs(ground, name, count)

        return side

    sides = {"ours": ours, **{name: peer(name) for name in PEERS}, "record": by_record}
    found = await interleaved(ground.rounds, sides)
    what, size = "scorer, the job of others", f"{count:,} answers"
    return [
        Figure("scorer_quixstreams", what, "answers/s", found["ours"], "quixstreams, its own sink to PostgreSQL",
               found["quixstreams"], least=1, size=size),
        Figure("scorer_faststream", what, "answers/s", found["ours"], "faststream in batches, asyncpg",
               found["faststream"], least=1, size=size),
        Figure("scorer_by_record", what, "answers/s", found["ours"], "ours with a transaction for each record",
               found["record"], least=5, size=f"{size}; {few:,} record by record"),
    ]  # fmt: skip


async def _ours(ground: Ground, count: int) -> float:
    async with ground.database("scorer") as database:
        await know(database)
        return count / await catch_up(ground, database, "scorer", Subscription(ANSWERS, count_answers), count)


async def _theirs(ground: Ground, name: str, count: int) -> float:
    """Their own clock: from the first answer in hand to the last commit."""
    async with ground.database("scorer") as database:
        url = database.url.replace("+asyncpg", "")
        output = await _run(
            str(_environment(name) / "bin" / "python"), str(HERE / f"{name}_counting.py"),
            PEER_KAFKA=ground.state.kafka, PEER_TOPIC=ANSWERS.name, PEER_DATABASE=url,
            PEER_RECORDS=str(count), PEER_GROUP=f"{name}-{secrets.token_hex(4)}", PYTHONWARNINGS="ignore",
        )  # fmt: skip
        connection = await asyncpg.connect(url)
        try:
            columns = " + ".join(f"c{score}" for score in range(11))
            counted = await connection.fetchval(f"SELECT sum({columns}) FROM counts")
        finally:
            await connection.close()
        if counted != SEGMENTS * count:
            raise RuntimeError(f"{name} counted {counted} and not {SEGMENTS * count}")
        return count / float(output.split()[-1])


def _environment(name: str) -> Path:
    """Of the lock as it stands now; it can be made again at any time."""
    digest = hashlib.sha256((HERE / f"{name}.lock").read_bytes()).hexdigest()[:12]
    return CACHE / "bench" / f"{name}-{digest}"


async def _make_environment(name: str) -> None:
    place = _environment(name)
    if (place / "made").exists():
        return
    say(f"  installing {name} into {place}")
    uv = str(Path(sys.executable).with_name("uv"))
    shutil.rmtree(place, ignore_errors=True)
    await _run(uv, "venv", "--quiet", "--python", sys.executable, str(place))
    await _run(
        uv, "pip", "install", "--quiet", "--python", str(place / "bin" / "python"),
        "--require-hashes", "--requirement", str(HERE / f"{name}.lock"),
    )  # fmt: skip
    (place / "made").touch()


async def _run(*command: str, **settings: str) -> str:
    """What it wrote.

    :raises RuntimeError: when it failed; what it said of that stands in our own error output.
    """
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **settings}, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"{Path(command[0]).name} {Path(command[1]).name} ended with {process.returncode}")
    return output.decode()
