"""The load: seeded events in batches through the trigger's API, each batch until it is acknowledged."""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from chaos.company import MAILED_EVENT_TYPE, Company
from chaos.ledger import Ledger
from chaos.stack import Stack

TOUCHPOINTS = ("delivery", "checkout", "support", "return")
SENDER_COUNT = 4
MAILED_EVERY = 20
TROUBLE_SHARES = {"refuse-550-": 0.02, "defer-451-": 0.02, "drop-after-data-": 0.02, "slow-after-data-": 0.01}
"""Shares of the addresses that make the mail server fail, by prefix."""


@dataclass(frozen=True)
class Plan:
    """What is posted; the same for the same seed."""

    seed: str
    events: int
    seconds: float = 20.0
    clients: int = 1
    """How many clients post every batch at the same time."""
    trouble: bool = False
    patient: bool = False
    """No client may get a 503 or lose its connection."""


def touchpoint_of(number: int) -> str:
    return TOUCHPOINTS[number % len(TOUCHPOINTS)]


def address_of(tenant: str, number: int) -> str:
    """The address of a customer; some addresses have a prefix."""
    return f"c{number}.{tenant}@example.com"


def batches(plan: Plan, tenant: str) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """All events, in batches of one to two hundred, each with the number of its first."""
    chance = random.Random(plan.seed)
    now = datetime.now(UTC).isoformat()
    first = 0
    while first < plan.events:
        end = min(first + chance.choice((1, 1, 10, 50, 200)), plan.events)
        yield (
            first,
            [_event(number, tenant, now, chance, trouble=plan.trouble) for number in range(first, end)],
        )
        first = end


def _event(number: int, tenant: str, now: str, chance: random.Random, *, trouble: bool) -> dict[str, Any]:
    mail, rest = divmod(number, MAILED_EVERY)
    mailed = rest == 0
    prefix = ""
    if mailed and trouble:  # the first addresses ask for one kind each, so that every kind occurs
        kinds = ["", *TROUBLE_SHARES]
        often = [1 - sum(TROUBLE_SHARES.values()), *TROUBLE_SHARES.values()]
        prefix = kinds[mail + 1] if mail < len(TROUBLE_SHARES) else chance.choices(kinds, often)[0]
    return {
        "id": f"e-{number}",
        "type": MAILED_EVENT_TYPE if mailed else "page.viewed",
        "occurred_at": now,
        "customer": {"id": f"c-{number}", "email": prefix + address_of(tenant, number)},
        "segments": {"touchpoint": touchpoint_of(mail)},
        "organisation": ["north", "sales"],
        "attributes": {"order": number, "total": round(chance.uniform(5, 500), 2)},
    }


def _asks_for_trouble(address: str) -> bool:
    return address.startswith(tuple(TROUBLE_SHARES))


@dataclass
class Load:
    """Posts a plan evenly over its time, or as fast as the API accepts it."""

    stack: Stack
    company: Company
    ledger: Ledger
    plan: Plan
    refused: int = 0
    """Responses 503, and connections that broke."""
    asked_for_trouble: int = 0
    """Addresses that make the mail server fail, and repeated posts."""
    faults: list[str] = field(default_factory=list)
    """Responses that no client should get."""

    async def run(self, give_up_after: float = 120) -> None:
        began = time.monotonic()
        end = began + self.plan.seconds + give_up_after
        queue = batches(self.plan, self.company.tenant)

        async def send_on() -> None:
            async with httpx.AsyncClient(
                headers=self.company.headers, trust_env=False, timeout=30, verify=False
            ) as client:
                for first, batch in queue:
                    due = began + self.plan.seconds * first / self.plan.events
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                    addresses = [event["customer"]["email"] for event in batch]
                    self.asked_for_trouble += sum(map(_asks_for_trouble, addresses)) + self.plan.clients - 1
                    await asyncio.gather(
                        *(self._post_until_accepted(client, batch, end) for _ in range(self.plan.clients))
                    )

        await asyncio.gather(*(send_on() for _ in range(SENDER_COUNT)))

    async def _post_until_accepted(
        self, client: httpx.AsyncClient, batch: Sequence[dict[str, Any]], end: float
    ) -> None:
        ids = [event["id"] for event in batch]
        self.ledger.trying(ids)
        while time.monotonic() < end:
            try:
                response = await client.post(f"{self.stack.origin_of('trigger')}/v1/events", json=batch)
            except httpx.TransportError as error:
                if self.plan.patient:
                    self.faults.append(f"events: {type(error).__name__} where every client is to be served")
                self.refused += 1
                await asyncio.sleep(0.2)
                continue
            if response.status_code == 202:
                self.ledger.accepted(ids)
                return
            if response.status_code != 503 or not response.headers.get("content-type", "").startswith(
                "application/problem+json"
            ):
                self.faults.append(f"events: {response.status_code} {response.text[:200]}")
                return
            if self.plan.patient:
                self.faults.append(f"events: {response.status_code} where every client is to be served")
            self.refused += 1
            await asyncio.sleep(0.2)
