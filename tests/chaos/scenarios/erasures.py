"""Erasures: customers are erased while others buy and answer, processes are killed and a backup is restored."""

import asyncio
import contextlib

import httpx
from chaos import backups, erasures
from chaos.arena import Arena, Scenario
from chaos.company import create_key
from chaos.ledger import Book
from chaos.load import address_of
from chaos.operator import Sign
from chaos.scenarios.losses import until_emptied

from shared.privacy.erased import CONFIRMING_SERVICES

NAMED_BY = (("customer_id",), ("email",), ("customer_id", "email"))
"""By what a customer may be named who is to be erased."""
MAX_AT_ONCE = 20
MIN_ERASED = 10
ANSWERS_TIMEOUT_S = 30
DONE_TIMEOUT_S = 90.0


async def customers_erased(arena: Arena) -> None:
    """A worker is killed after each few erasures; then one database is the backup of before all of them."""
    stack = arena.stack
    key = await create_key(stack, arena.tenant, "customers:erase")
    lost = arena.restored = arena.chance.choice(CONFIRMING_SERVICES)
    file = await backups.dump(stack, lost)
    async with httpx.AsyncClient(headers=key, trust_env=False, timeout=30) as client:
        async for _ in arena.moments(0.5, 2.0, at_least=4):
            await _erase(arena, client)
            process = arena.chance.choice(stack.workers)
            await process.until_ready()
            arena.injected += process.kill()
        await stack.until_ready(*stack.ours)
        # Most customers answer when the load is over.
        for _ in range(ANSWERS_TIMEOUT_S):
            if len(arena.erased) >= MIN_ERASED:
                break
            await asyncio.sleep(1)
            await _erase(arena, client)
        for api in stack.apis:
            await stack.remove(api.name)
        await until_emptied(stack, lost)
        await stack.remove(lost)
        await backups.restore(stack, lost, file)
        await stack.run("recover", lost, "--restored", "--yes")
        stack.add_worker(lost)
        stack.add_api()
        await stack.until_ready(*stack.ours)
        arena.injected += 1


async def _erase(arena: Arena, client: httpx.AsyncClient) -> None:
    """Ask for some who have answered for the last time, and whose cases are open."""
    ledger = next(arena.stack.state.root.glob(f"ledger-{arena.tenant}.jsonl"))
    ready = await erasures.finished_customers(arena.stack, arena.tenant, Book.read(ledger))
    chosen = sorted(ready - arena.erased.keys())
    for number in arena.chance.sample(chosen, min(len(chosen), MAX_AT_ONCE)):
        if (id_ := await _ask(arena, client, number)) is not None:
            arena.erased[number] = id_


async def _ask(arena: Arena, client: httpx.AsyncClient, number: int) -> str | None:
    """The id of the erasure; None: the customer is not known yet."""
    names = {"customer_id": f"c-{number}", "email": address_of(arena.tenant, number)}
    body = {name: names[name] for name in arena.chance.choice(NAMED_BY)} | {"reason": "asked"}
    end = asyncio.get_running_loop().time() + 60
    while asyncio.get_running_loop().time() < end:
        with contextlib.suppress(httpx.TransportError):
            origin = arena.stack.origin_of("dispatcher")
            answer = await client.post(
                f"{origin}/v1/erasures", json=body, headers={"Idempotency-Key": f"{number}"}
            )
            if answer.status_code in {200, 202}:
                return str(answer.json()["id"])
            if answer.status_code == httpx.codes.NOT_FOUND:
                return None
            if answer.status_code not in {429, 503}:
                arena.faults.append(f"wrong: erasure: {answer.status_code} {answer.text[:200]}")
                return None
        await asyncio.sleep(0.3)
    arena.faults.append(f"wrong: c-{number} could not be erased")
    return None


async def nothing_left(arena: Arena) -> None:
    """Every erasure is confirmed by every service, and no customer is found anywhere."""
    key = await create_key(arena.stack, arena.tenant, "customers:erase")
    if len(arena.erased) < MIN_ERASED:
        arena.faults.append(f"wrong: only {len(arena.erased)} customers were erased")
    async with httpx.AsyncClient(headers=key, trust_env=False, timeout=30) as client:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DONE_TIMEOUT_S):
                # Other processes do it: there is nothing here to wait on.
                while waiting := await _waiting(arena, client):  # noqa: ASYNC110
                    await asyncio.sleep(0.5)
        if waiting:
            arena.faults.append(f"lost: {len(waiting)} erasures are not done, such as {waiting[:2]}")
    found = await erasures.places_of(arena.stack, arena.tenant, arena.erased.keys())
    arena.faults += [f"left: erased customers in {place}" for place in sorted(found)]
    arena.notes.append(f"{len(arena.erased)} customers erased, {arena.restored} restored")


async def _waiting(arena: Arena, client: httpx.AsyncClient) -> list[str]:
    """The services that have not erased all, and the erasures that are not shown as done.

    Who asked for an erasure is lost with the dispatcher's database; that somebody was erased is not.
    """
    waiting = await erasures.unfinished_services(arena.stack, arena.tenant, len(arena.erased))
    if arena.restored == "dispatcher":
        return waiting
    origin = arena.stack.origin_of("dispatcher")
    for id_ in arena.erased.values():
        answer = await client.get(f"{origin}/v1/erasures/{id_}")
        if answer.status_code != httpx.codes.OK or answer.json()["state"] != "done":
            waiting.append(id_)
    return waiting


SCENARIOS = (
    Scenario(
        "erasures",
        "customers erased under load, workers killed, a database restored from before",
        customers_erased,
        (
            Sign("process_start_time_seconds"),
            Sign("afterword_erasures_total", 4, labels={"outcome": "erased"}),
        ),
        unknown=True,
        after=nothing_left,
    ),
)
