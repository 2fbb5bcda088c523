"""What starts each process of ours under chaos: the product, told to be impatient, and broken where asked.

``CHAOS_TIMES=short`` shortens what the product waits for, so that a scenario lasts seconds, not minutes.
``CHAOS_BREAK`` names a fault of ``broken.py``: only the self-check sets it.
``CHAOS_FLAGS`` is a folder. While the file ``die`` is in it, a relay kills its process between acknowledgement and
removal; while ``late`` is, every third transaction is slow to commit after it has taken its numbers.
"""

# ruff: noqa: PLC0415  (each process imports only what is patched in it)

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

SESSION_S = 5
REBALANCE_S = 8
REQUEST_S = 9
"""Longer than a rebalance: to join a group is one request."""
ACKNOWLEDGED_S = 9
"""Longer than three brokers need to miss one of them and to choose new leaders."""
PRODUCE_S = 10
IN_TRANSACTION_S = 4
LEASE = timedelta(seconds=10)
MAIL_S = 2.0
LIFE_S = 3.0
"""So many seconds a relay may work at most until it is killed: it gets something done before."""
LATE = 0.33
LATE_S = 0.4
"""Several looks of the relay: whoever commits meanwhile is seen first."""
RETRY_AFTER_MINUTES = (0.05, 0.05, 0.05, 60)
"""A mail that was put off is tried again at once, and then not before the scenario is over."""


def put(module: ModuleType, **new: Any) -> None:
    """Set names of a module, those that it imported from elsewhere too."""
    vars(module).update(new)


def shorten() -> None:
    """Session and database time-outs of seconds. The product's own are two to twelve times as long."""
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

    from shared.db import database
    from shared.kafka.kernel import clients, publisher, relay

    def consumer(**given: Any) -> AIOKafkaConsumer:
        short = {
            "session_timeout_ms": SESSION_S * 1000,
            "heartbeat_interval_ms": 500,
            "rebalance_timeout_ms": REBALANCE_S * 1000,
            "request_timeout_ms": REQUEST_S * 1000,
        }
        return AIOKafkaConsumer(**{**given, **short})

    def producer(**given: Any) -> AIOKafkaProducer:
        return AIOKafkaProducer(**{**given, "request_timeout_ms": PRODUCE_S * 1000})

    def engine(url: str, *, connect_args: dict[str, Any], **given: Any) -> AsyncEngine:
        connect_args["server_settings"] |= {
            "idle_in_transaction_session_timeout": f"{IN_TRANSACTION_S}s",
            "lock_timeout": "2s",
        }
        return create_async_engine(url, connect_args=connect_args, **given)

    said = vars(relay)["statement"]
    publisher.Publisher.__init__.__kwdefaults__ |= {"within": ACKNOWLEDGED_S}  # type: ignore[operator]
    put(clients, AIOKafkaConsumer=consumer, AIOKafkaProducer=producer, START_WITHIN=SESSION_S)
    put(database, create_async_engine=engine)
    put(
        relay,
        ACKNOWLEDGED_WITHIN=SESSION_S - 1,
        statement=lambda sql: said(sql.replace("'45s'", f"'{SESSION_S}s'")),
    )
    if {"dispatcher", "all"} & set(sys.argv):
        from services.dispatcher.invitations import queue
        from shared.mail import mailer
        from shared.outbound import outcome_rules, sender

        put(mailer, SECONDS_TO_BEGIN=MAIL_S, SECONDS_FOR_DATA=MAIL_S)
        mailer.Mailer.__init__.__kwdefaults__ = {"seconds": MAIL_S}
        put(outcome_rules, LEASE=LEASE, RETRY_AFTER_MINUTES=RETRY_AFTER_MINUTES)
        put(queue, LEASE_DURATION=LEASE)
        put(sender, LEASE=LEASE, GIVE_UP=LEASE - timedelta(seconds=4))


def die_before_removal(raised: Callable[[], bool]) -> None:
    """Kill this process when the broker has acknowledged and the outbox still holds the rows."""
    from shared.kafka.kernel import relay

    send = relay.send
    due = 0.0

    async def last_act(producer: Any, rows: Sequence[Any]) -> None:
        nonlocal due
        await send(producer, rows)
        due = due or time.monotonic() + random.uniform(0, LIFE_S)
        if time.monotonic() > due and raised():
            os.kill(os.getpid(), signal.SIGKILL)

    put(relay, send=last_act)


def commit_late(raised: Callable[[], bool]) -> None:
    """A way to the database that is slow at the worst moments: others with higher numbers commit first, and the
    relay removes what it has sent only when they have.
    """
    from shared.db.database import UnitOfWork
    from shared.kafka.kernel import relay

    flush, send = UnitOfWork.flush, relay.send

    async def slowly(uow: UnitOfWork) -> bool:
        said = await flush(uow)
        if said and random.random() < LATE and raised():
            await asyncio.sleep(random.uniform(0, LATE_S))
        return said

    async def send_and_wait(producer: Any, rows: Sequence[Any]) -> None:
        await send(producer, rows)
        if raised():
            await asyncio.sleep(random.uniform(0, LATE_S))

    UnitOfWork.flush = slowly  # type: ignore[assignment]
    put(relay, send=send_and_wait)


def main() -> None:
    if os.environ.get("CHAOS_TIMES") == "short":
        shorten()
    if named := os.environ.get("CHAOS_BREAK"):
        from chaos import broken

        broken.BREAKS[named].apply()
    flags = Path(os.environ["CHAOS_FLAGS"])
    die_before_removal((flags / "die").exists)
    commit_late((flags / "late").exists)
    from services.command import main as product

    product()


if __name__ == "__main__":
    main()
