"""From the answer to the case: the time from the customer's click until staff can read the case.

A case is readable when ``GET /v1/cases/{id}`` has answered 200 to a request sent as soon as its row was committed.
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
from bench.answer_tables import fill_databases
from bench.closed_loop import request
from bench.cpu_time import cpu_shares, measured_cpu
from bench.invitations import add_invitations
from bench.open_loop import ConnectionPool, arrivals, connection_pool, percentile, send_when_due
from bench.product import API_KEY, RunningProduct, running_product
from bench.results import Result, print_progress
from bench.scorer import SCORE_MIX, TENANT
from bench.servers import Servers

from services.alerts.cases.domain.case_rules import case_id
from services.collector.forms import PageNonce
from services.dispatcher.command import create_example_survey
from shared.events.nps import HIGHEST_DETRACTOR
from shared.link_tokens import LinkSigner

ANSWERS_PER_S, ROUND_S = 200.0, 20.0
MAX_P99_MS = 250.0
STORED_ANSWERS = 10_000_000
MIN_ANSWERS_PER_S, RATE_STEP, MAX_STEPS = 50.0, 1.25, 16
POLL_INTERVAL_S = 0.025
MAX_WAIT_S = 15.0
"""Seconds after the last answer until its case must be readable."""
NEVER_MS = 1000 * MAX_WAIT_S
PROGRAMS = (
    "collector api", "collector worker", "alerts api", "alerts worker", "scorer worker", "dispatcher worker",
)  # fmt: skip
"""Everything that serves or consumes an answer or a case."""


async def answered(servers: Servers) -> list[Result]:
    """With nothing stored and with ten million answers stored; then ever faster until the p99 is too high."""
    seconds = max(4.0, ROUND_S * min(servers.scale, 1))
    stored = servers.size(STORED_ANSWERS)
    async with running_product(servers, *PROGRAMS, prepare=_create_survey) as product:
        few = await _rounds(product, seconds, servers.rounds)

    async def prepare(product: RunningProduct) -> None:
        await _create_survey(product)
        await fill_databases(product, stored)

    async with running_product(servers, *PROGRAMS, prepare=prepare) as product:
        many = await _rounds(product, seconds, servers.rounds)
        knee, seen = await _knee(product, seconds / 2)
    size = f"{ANSWERS_PER_S:g} answers/s, {seconds:g} s a round"
    what = "answer posted to case readable, p99"
    return [
        Result("case", f"{what}, nothing stored", "ms", few, max_value=MAX_P99_MS, size=size),
        Result("case_stored", f"{what}, {stored:,} answers stored", "ms", many, "nothing stored", few,
               max_value=MAX_P99_MS, size=size),
        Result("case_knee", f"answers at which that p99 stays below {MAX_P99_MS:g} ms", "answers/s", [knee],
               size=f"{stored:,} stored, {seconds / 2:g} s a step", note=seen),
    ]  # fmt: skip


async def _rounds(product: RunningProduct, seconds: float, rounds: int) -> list[float]:
    """The p99 of each round, after a slow round that does not count: the processes have just started."""
    await _round(product, MIN_ANSWERS_PER_S, seconds, rounds)
    return [await _round(product, ANSWERS_PER_S, seconds, number) for number in range(rounds)]


async def _knee(product: RunningProduct, seconds: float) -> tuple[float, str]:
    """The last rate whose p99 was below the limit, each failing one tried twice; and the p99 of each rate."""
    held, rate, seen = 0.0, MIN_ANSWERS_PER_S, []
    for _ in range(MAX_STEPS):
        with measured_cpu(product.pids) as used:
            p99 = await _round(product, rate, seconds, 0)
            if p99 >= MAX_P99_MS:
                p99 = await _round(product, rate, seconds, 1)
        seen.append(f"{rate:.0f}/s {p99:,.0f} ms")
        if p99 >= MAX_P99_MS:
            seen.append(f"processor time there, in portions: {cpu_shares(used, sum(used.values()) or 1)}")
            break
        held, rate = rate, rate * RATE_STEP
    return held, "; ".join(seen)


async def _round(product: RunningProduct, rate: float, seconds: float, number: int) -> float:
    """The p99 of the detractors' answers, in milliseconds."""
    at = arrivals(rate, seconds, f"answers {number}")
    invited = await add_invitations(product, len(at))
    chance = random.Random(f"scores {number}")
    scores = chance.choices(range(11), SCORE_MIX, k=len(at))
    forms = _forms(product, invited, scores)
    detractors = {
        one: due for one, due, score in zip(invited, at, scores, strict=True) if score <= HIGHEST_DETRACTOR
    }
    async with (
        connection_pool(product.origins["collector api"], 128) as posts,
        connection_pool(product.origins["alerts api"], 4) as reads,
    ):
        reader = _CaseReader(product, reads)
        reading_cases = asyncio.create_task(reader.run(set(detractors)))
        began, statuses = await send_when_due(posts, forms, at)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reading_cases, MAX_WAIT_S)
    if wrong := {status for status in statuses if status not in {303, 503}}:
        raise RuntimeError(f"answers were refused with {wrong}")
    times = [
        1000 * (reader.readable[one] - began - due) if one in reader.readable else NEVER_MS
        for one, due in detractors.items()
    ]
    # A refused answer counts as never readable, whatever its score.
    refused = [one for one, status in zip(invited, statuses, strict=True) if status == 503]
    times += [NEVER_MS for one in refused if one not in detractors]
    print_progress(
        f"  {rate:.0f}/s: {len(detractors)} cases, p50 {percentile(times, 0.5):,.0f} ms, "
        f"p99 {percentile(times, 0.99):,.0f} ms, longest {max(times):,.0f} ms, {len(refused)} refused"
    )
    return percentile(times, 0.99)


class _CaseReader:
    """Polls for each case until it is committed, and then reads it through the API."""

    def __init__(self, product: RunningProduct, api: ConnectionPool) -> None:
        self._url = product.databases["alerts"].url.replace("+asyncpg", "")
        self._api = api
        self._origin = product.origins["alerts api"]
        self.readable: dict[UUID, float] = {}

    async def run(self, wanted: set[UUID]) -> None:
        """Run until all wanted answers have a case that was read."""
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
                    await asyncio.sleep(POLL_INTERVAL_S)
        finally:
            await connection.close()

    async def _read(self, case: UUID, answer: UUID) -> None:
        case_request = request(self._origin, f"/v1/cases/{case}", authorization=f"Bearer {API_KEY}")
        status, _ = await self._api.ask(case_request)
        if status != 200:
            raise RuntimeError(f"a case that is there was answered with {status}")
        self.readable[answer] = time.time()


async def _create_survey(product: RunningProduct) -> None:
    await create_example_survey(
        product.databases["dispatcher"], TENANT, test_address=None, first_day_per_hour=0
    )


def _forms(product: RunningProduct, invited: Sequence[UUID], scores: Sequence[int]) -> list[bytes]:
    """Requests with the page's form, as a browser sends it."""
    secret = product.servers.state.secret
    signer, nonce, now = LinkSigner(secret), PageNonce(secret), datetime.now(UTC)
    return [
        request(
            product.origins["collector api"],
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
