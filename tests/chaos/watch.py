"""Whether the work goes on, and when it is done, by the consumers' positions."""

import asyncio
import contextlib
import time
from dataclasses import dataclass

import asyncpg
from aiokafka.errors import KafkaError
from chaos import topics
from chaos.stack import CONSUMING_SERVICES, Stack

SERVER_AWAY_ERRORS = (
    OSError, TimeoutError, KafkaError,
    asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError,
)  # fmt: skip
"""Errors that the harness itself gets from a server that is away."""


@dataclass
class Watch:
    """Measures the longest time in which no service moved a position, between the first move and the last."""

    stack: Stack
    longest: float = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        last: tuple[int, ...] = ()
        at = time.monotonic()
        while True:
            with contextlib.suppress(*SERVER_AWAY_ERRORS):
                now = tuple([await self._moved(service) for service in CONSUMING_SERVICES])
                if now != last:
                    self.longest = max(self.longest, time.monotonic() - at if last else 0.0)
                    last, at = now, time.monotonic()
            await asyncio.sleep(0.5)

    async def _moved(self, service: str) -> int:
        async with self.stack.connection(service) as database:
            return int(await database.fetchval("SELECT coalesce(sum(next_offset), 0) FROM position"))


async def unsettled(stack: Stack, tenant: str, accepted: int) -> str:
    """What is not done yet, in words; empty when all is done."""
    async with stack.connection("dispatcher") as dispatcher:
        decided = await dispatcher.fetchval(
            "SELECT count(*) FROM decision WHERE tenant = $1 AND NOT source LIKE 'afterword/%'", tenant
        )
        if decided < accepted:
            return f"{accepted - decided} events are not decided"
        open_ = await dispatcher.fetchval(
            "SELECT count(*) FROM invitation i LEFT JOIN delivery d ON d.tenant = i.tenant AND d.about_id = i.id AND d.n = 1 "
            "WHERE i.tenant = $1 AND (i.state = 'sending' OR i.state = 'waiting' AND NOT (d.state = 'waiting' AND "
            "d.due_at > now() + interval '30 seconds' AND convert_from(i.body, 'UTF8') LIKE '%defer-%'))",
            tenant,
        )
        if open_:
            return f"{open_} mails are not sent"
        if reminding := await dispatcher.fetchval(
            "SELECT count(*) FROM delivery WHERE tenant = $1 AND kind = 'reminder' "
            "AND (state = 'sending' OR state = 'waiting' AND due_at <= now())",
            tenant,
        ):
            return f"{reminding} reminders are not sent"
    ends = await topics.end_offsets(
        stack.kafka, sorted({topic for consumed in topics.CONSUMED_TOPICS.values() for topic in consumed})
    )
    for service, consumed in topics.CONSUMED_TOPICS.items():
        async with stack.connection(service) as database:
            if waiting := await database.fetchval("SELECT count(*) FROM outbox"):
                return f"{waiting} rows wait in the outbox of {service}"
            rows = await database.fetch("SELECT topic, part, next_offset FROM position")
        at = {(row["topic"], row["part"]): row["next_offset"] for row in rows}
        lag = sum(
            end - at.get((tp.topic, tp.partition), 0) for tp, end in ends.items() if tp.topic in consumed
        )
        if lag:
            return f"{service} is {lag} records behind"
    return ""


async def until_settled(stack: Stack, tenant: str, accepted: int, within: float) -> str:
    """Wait until all work is done; else return what is not."""
    end = time.monotonic() + within
    quiet = 0
    why = "no server responded"
    while time.monotonic() < end:
        with contextlib.suppress(*SERVER_AWAY_ERRORS):
            why = await unsettled(stack, tenant, accepted)
            quiet = 0 if why else quiet + 1
            if quiet == 2:
                return ""
        await asyncio.sleep(0.3)
    return why
