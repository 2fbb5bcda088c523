"""Workers and senders at once: nobody waits in a circle, and what is kept of the mails agrees."""

import asyncio
import itertools
import random
from datetime import timedelta
from typing import Any

import pytest
from msgspec import Raw
from support.counter_model import set_table
from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    reasons,
    rows,
    waits_for_a_lock,
)
from support.dispatcher_reminders import ScriptedChannel, a_scripted_sender
from support.eventually import eventually
from support.examples import examples
from support.http_clients import SECRET

from services.dispatcher.decisions.contacts import contact_key_of
from shared.db.database import Database
from shared.events import CounterEvent, Transaction

PEOPLE = (
    *(("kim", "a@x.dk"), ("kim", "b@x.dk"), ("bo", "a@x.dk"), ("bo", "c@x.dk")),
    *(("ann", "b@x.dk"), ("ann", "c@x.dk"), ("zed", "a@x.dk")),
)
"""Ids and addresses that cross: each event may concern the rows of several others."""
CANCEL = CounterEvent(event_type="refund", effect="cancel", scope="order")
HOLD = CounterEvent(event_type="complaint", effect="hold", scope="customer", hold_hours=2)
WORKERS, BATCHES, SENDERS = 5, 12, 2
DISAGREEMENTS = {
    "a mail that did not leave is kept as asked": """
        SELECT 1 FROM asked a JOIN invitation i ON i.id = a.id
        WHERE i.state IN ('dropped', 'withheld', 'failed')
    """,
    "a mail that is not kept under address and id": """
        SELECT 1 FROM invitation i LEFT JOIN asked a ON a.id = i.id
        WHERE i.state IN ('waiting', 'sent', 'sending', 'unknown') GROUP BY i.id HAVING count(a.id) <> 2
    """,
    "a time that is not that of the last mail": """
        SELECT 1 FROM customer c
        WHERE c.invited_at IS DISTINCT FROM (
            SELECT max(a.asked_at) FROM asked a WHERE a.tenant = c.tenant AND a.contact = c.id
        )
    """,
    "a first mail in another state than its invitation": """
        SELECT 1 FROM invitation i JOIN delivery w ON w.about_id = i.id AND w.n = 1 WHERE i.state <> w.state
    """,
    "a mail that gave way to no event": """
        SELECT 1 FROM invitation i JOIN decision d ON d.invitation_id = i.id
        WHERE i.reason = 'outranked' AND d.outranking_event_id IS NULL
    """,
}


@pytest.mark.parametrize("seed", range(examples(3)))
async def test_deciding_and_sending_at_once_wait_for_each_other_in_no_circle_and_agree(
    database: Database, clock: Clock, seed: int
) -> None:
    chance = random.Random(seed)
    await keep_tenant(database)
    surveys: dict[str, dict[str, Any]] = {
        "order": {"quarantine_days": chance.choice((0, 1, 3))},
        "call": {"quarantine_days": chance.choice((0, 1, 3)), "holding_minutes": 600},
        "relation": {"quarantine_days": chance.choice((0, 3)), "measurement": "relational"},
    }
    for place, (name, changes) in enumerate(surveys.items(), 1):
        await make_survey(database, name=name, trigger=name, delay_minutes=0, place=place, **changes)
    await go_live(database)
    await set_table(database, CANCEL, HOLD)
    done, number = asyncio.Event(), itertools.count()

    async def sending() -> None:
        channel = ScriptedChannel()
        sender = a_scripted_sender(database, clock, channel)
        while not done.is_set():
            channel.outcome = chance.choice(("sent", "sent", "failed"))
            async with database.transaction() as uow:
                await uow.execute("DELETE FROM outbox")
            await sender.step()
            clock.on(minutes=chance.choice((1, 20, 60)))
            await asyncio.sleep(0)

    async def deciding(worker: int) -> None:
        for _ in range(BATCHES):
            size = chance.choice((1, 1, 2, 4))
            await decide(
                database, *(an_event(chance, clock, f"{worker}-{next(number)}") for _ in range(size))
            )

    async def invitations() -> int:
        return len(await rows(database, "SELECT 1 FROM invitation"))

    senders = [asyncio.create_task(sending()) for _ in range(SENDERS)]
    try:
        # Senders move the clock: where they get few turns, everybody is in quarantine for many batches.
        while await invitations() <= WORKERS:
            await asyncio.gather(*(deciding(worker) for worker in range(WORKERS)))
    finally:
        done.set()
        await asyncio.gather(*senders)
    assert {fault for fault, sql in DISAGREEMENTS.items() if await rows(database, sql)} == set()


def an_event(chance: random.Random, clock: Clock, id_: str) -> Transaction:
    customer, address = chance.choice(PEOPLE)
    return a_transaction(
        id_,
        a_customer(customer, email=address),
        type=chance.choice(("order", "call", "call", "relation", "refund", "complaint", "nobody asks")),
        occurred_at=clock.now - timedelta(minutes=chance.choice((0, 1, 30))),
        attributes=Raw(f'{{"order_id":"{chance.randint(1, 4)}"}}'.encode()),
    )


async def test_an_event_that_nobody_asks_about_makes_no_decision_wait(
    database: Database, clock: Clock
) -> None:
    """Its customer's rows are not locked, so a mail that is kept there too gives way to nothing now."""
    await keep_tenant(database)
    await make_survey(database, delay_minutes=60)
    await make_survey(database, name="r", trigger="relation", delay_minutes=60, measurement="relational")
    await go_live(database)
    one, other = (a_customer(name, email="shared@example.com") for name in ("one", "other"))
    await decide(database, a_transaction("order-1", one))
    address = contact_key_of(SECRET, TENANT, one, frozenset()).address
    async with database.transaction() as uow:
        await uow.execute("SELECT 1 FROM customer WHERE id = 'one' FOR UPDATE")
        deciding = asyncio.create_task(
            decide(
                database,
                a_transaction("relation-1", other, type="relation"),
                a_transaction("x-1", one, type="nobody asks"),
            )
        )

        async def has_ended() -> bool:
            return deciding.done() or await waits_for_a_lock(database)

        await eventually(has_ended)
        assert deciding.done()
        await uow.execute("SELECT 1 FROM customer WHERE id = :id FOR UPDATE", {"id": address})
    await deciding
    assert (await reasons(database))["x-1"] == "no_survey"
