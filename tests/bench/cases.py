"""From the answer to the case: what passes between the customer's click and the page of who can act.

A case is readable when ``GET /v1/cases/{id}`` has answered 200 to who asked as soon as its row was committed.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
from bench.figures import Figure, say
from bench.ground import Ground
from bench.invited import invite
from bench.load import request
from bench.open_loop import Lines, arrivals, lines, percentile, send
from bench.processors import counting, shares
from bench.scorer import MIX, TENANT
from bench.stand import KEY, Stand, a_stand
from bench.stored import fill

from services.alerts.cases.domain.case_rules import case_id
from services.collector.forms import PageNonce
from services.dispatcher.command import create_example_survey
from shared.events.nps import HIGHEST_DETRACTOR
from shared.link_tokens import LinkSigner

RATE, SECONDS = 200.0, 20.0
AIM = 250.0
STORED = 10_000_000
SLOWEST, STEP, STEPS = 50.0, 1.25, 16
LOOK = 0.025
PATIENCE = 15.0
"""Seconds after the last answer in which its case must be readable."""
NEVER = 1000 * PATIENCE
PROGRAMS = (
    "collector api", "collector worker", "alerts api", "alerts worker", "scorer worker", "dispatcher worker",
)  # fmt: skip
"""All that serves or hears an answer or a case."""


async def answered(ground: Ground) -> list[Figure]:
    """With nothing stored and with ten million answers; then ever faster until it breaks."""
    seconds = max(4.0, SECONDS * min(ground.scale, 1))
    stored = ground.size(STORED)
    async with a_stand(ground, *PROGRAMS, prepare=_ask) as stand:
        few = await _rounds(stand, seconds, ground.rounds)

    async def prepare(stand: Stand) -> None:
        await _ask(stand)
        await fill(stand, stored)

    async with a_stand(ground, *PROGRAMS, prepare=prepare) as stand:
        many = await _rounds(stand, seconds, ground.rounds)
        knee, told = await _knee(stand, seconds / 2)
    size = f"{RATE:g} answers/s, {seconds:g} s a round"
    what = "answer posted to case readable, p99"
    return [
        Figure("case", f"{what}, nothing stored", "ms", few, most=AIM, size=size),
        Figure("case_stored", f"{what}, {stored:,} answers stored", "ms", many, "nothing stored", few,
               most=AIM, size=size),
        Figure("case_knee", f"answers at which that p99 stays below {AIM:g} ms", "answers/s", [knee],
               size=f"{stored:,} stored, {seconds / 2:g} s a step", note=told),
    ]  # fmt: skip


async def _rounds(stand: Stand, seconds: float, rounds: int) -> list[float]:
    """After a slow one that is nobody's figure: everything has just been started, and learns its statements."""
    await _round(stand, SLOWEST, seconds, rounds)
    return [await _round(stand, RATE, seconds, number) for number in range(rounds)]


async def _knee(stand: Stand, seconds: float) -> tuple[float, str]:
    """The last rate that held, each failing one tried twice; and what was seen at each."""
    held, rate, told = 0.0, SLOWEST, []
    for _ in range(STEPS):
        with counting(stand.pids) as used:
            p99 = await _round(stand, rate, seconds, 0)
            if p99 >= AIM:
                p99 = await _round(stand, rate, seconds, 1)
        told.append(f"{rate:.0f}/s {p99:,.0f} ms")
        if p99 >= AIM:
            told.append(f"processor time there, in portions: {shares(used, sum(used.values()) or 1)}")
            break
        held, rate = rate, rate * STEP
    return held, "; ".join(told)


async def _round(stand: Stand, rate: float, seconds: float, number: int) -> float:
    """The p99 of the unhappy answers, in milliseconds."""
    at = arrivals(rate, seconds, f"answers {number}")
    invited = await invite(stand, len(at))
    chance = random.Random(f"scores {number}")
    scores = chance.choices(range(11), MIX, k=len(at))
    forms = _forms(stand, invited, scores)
    unhappy = {
        one: due for one, due, score in zip(invited, at, scores, strict=True) if score <= HIGHEST_DETRACTOR
    }
    async with (
        lines(stand.origins["collector api"], 128) as posts,
        lines(stand.origins["alerts api"], 4) as reads,
    ):
        watch = _Watch(stand, reads)
        watching = asyncio.create_task(watch.run(set(unhappy)))
        began, statuses = await send(posts, forms, at)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(watching, PATIENCE)
    if wrong := {status for status in statuses if status not in {303, 503}}:
        raise RuntimeError(f"answers were not taken with {wrong}")
    times = [
        1000 * (watch.readable[one] - began - due) if one in watch.readable else NEVER
        for one, due in unhappy.items()
    ]
    # Who was sent away has waited in vain, whatever the score.
    refused = [one for one, status in zip(invited, statuses, strict=True) if status == 503]
    times += [NEVER for one in refused if one not in unhappy]
    say(
        f"  {rate:.0f}/s: {len(unhappy)} cases, p50 {percentile(times, 0.5):,.0f} ms, "
        f"p99 {percentile(times, 0.99):,.0f} ms, longest {max(times):,.0f} ms, {len(refused)} refused"
    )
    return percentile(times, 0.99)


class _Watch:
    """Sees each case as it is committed, and reads it through the door."""

    def __init__(self, stand: Stand, door: Lines) -> None:
        self._url = stand.databases["alerts"].url.replace("+asyncpg", "")
        self._door = door
        self._origin = stand.origins["alerts api"]
        self.readable: dict[UUID, float] = {}

    async def run(self, wanted: set[UUID]) -> None:
        """Until all wanted answers have a case that was read."""
        connection = await asyncpg.connect(self._url)
        try:
            async with asyncio.TaskGroup() as reading:
                while wanted:
                    rows = await connection.fetch(
                        "SELECT id, answer_id FROM cases WHERE tenant = $1 AND id = ANY($2)",
                        TENANT,
                        [case_id(TENANT, answer) for answer in wanted],
                    )
                    for row in rows:
                        wanted.discard(row["answer_id"])
                        reading.create_task(self._read(row["id"], row["answer_id"]))
                    await asyncio.sleep(LOOK)
        finally:
            await connection.close()

    async def _read(self, case: UUID, answer: UUID) -> None:
        asked = request(self._origin, f"/v1/cases/{case}", authorization=f"Bearer {KEY}")
        status, _ = await self._door.ask(asked)
        if status != 200:
            raise RuntimeError(f"a case that is there was answered with {status}")
        self.readable[answer] = time.time()


async def _ask(stand: Stand) -> None:
    await create_example_survey(stand.databases["dispatcher"], TENANT, test_address=None)


def _forms(stand: Stand, invited: Sequence[UUID], scores: Sequence[int]) -> list[bytes]:
    """The form of the page, as a browser sends it."""
    secret = stand.ground.state.secret
    signer, nonce, now = LinkSigner(secret), PageNonce(secret), datetime.now(UTC)
    return [
        request(
            stand.origins["collector api"],
            f"/s/{signer.sign('answer', one)}",
            urlencode(
                {
                    "score": score,
                    "action": "send",
                    "comment": "It came a day late.",
                    "nonce": nonce.make(one, now),
                }
            ).encode(),
            "application/x-www-form-urlencoded",
        )
        for one, score in zip(invited, scores, strict=True)
    ]
