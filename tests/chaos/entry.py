"""What starts each process of ours under chaos: the product, told to be impatient, and broken where asked.

``CHAOS_TIMES=short`` shortens what the product waits for, so that a scenario lasts seconds, not minutes.
``CHAOS_BREAK`` names a fault of ``broken.py``: only the self-check sets it.
``CHAOS_DIE`` is how often of a hundred the relay is killed between acknowledgement and removal.
``CHAOS_LATE`` is how often of a hundred a transaction is slow to commit after it has taken its numbers.
"""

# ruff: noqa: PLC0415  (each process imports only what is patched in it)

import asyncio
import os
import random
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from types import ModuleType
from typing import Any

SESSION_S = 5
IN_TRANSACTION_S = 4
LEASE = timedelta(seconds=10)


def put(module: ModuleType, **new: Any) -> None:
    """Set names of a module, those that it imported from elsewhere too."""
    vars(module).update(new)


def shorten() -> None:
    """Session and database time-outs of seconds. The product's own are two to twelve times as long."""
    from aiokafka import AIOKafkaConsumer
    from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

    from shared.db import database
    from shared.kafka import clients, relay

    def consumer(**given: Any) -> AIOKafkaConsumer:
        short = {
            "session_timeout_ms": SESSION_S * 1000,
            "heartbeat_interval_ms": 500,
            "rebalance_timeout_ms": 8_000,
        }
        return AIOKafkaConsumer(**{**given, **short})

    def engine(url: str, *, connect_args: dict[str, Any], **given: Any) -> AsyncEngine:
        connect_args["server_settings"] |= {
            "idle_in_transaction_session_timeout": f"{IN_TRANSACTION_S}s",
            "lock_timeout": "2s",
        }
        return create_async_engine(url, connect_args=connect_args, **given)

    said = vars(relay)["statement"]
    put(clients, AIOKafkaConsumer=consumer)
    put(database, create_async_engine=engine)
    put(relay, statement=lambda sql: said(sql.replace("'45s'", f"'{SESSION_S}s'")))
    if {"dispatcher", "all"} & set(sys.argv):
        from services.dispatcher import domain, sender

        put(domain, LEASE=LEASE)
        put(sender, LEASE=LEASE, GIVE_UP=LEASE - timedelta(seconds=4))


def die_before_removal(often: float) -> None:
    """Kill this process when the broker has acknowledged and the outbox still holds the rows."""
    from shared.kafka import relay

    send = relay.send

    async def last_act(producer: Any, rows: Sequence[Any]) -> None:
        await send(producer, rows)
        if random.random() < often:
            os.kill(os.getpid(), signal.SIGKILL)

    put(relay, send=last_act)


def commit_late(often: float) -> None:
    """A way to the database that is slow at the worst moment: others with higher numbers commit first."""
    from shared.db.database import UnitOfWork

    flush = UnitOfWork.flush

    async def slowly(uow: UnitOfWork) -> bool:
        said = await flush(uow)
        if said and random.random() < often:
            await asyncio.sleep(random.uniform(0, 0.2))
        return said

    UnitOfWork.flush = slowly  # type: ignore[assignment]


def main() -> None:
    if os.environ.get("CHAOS_TIMES") == "short":
        shorten()
    if named := os.environ.get("CHAOS_BREAK"):
        from chaos import broken

        broken.BREAKS[named].apply()
    if often := os.environ.get("CHAOS_DIE"):
        die_before_removal(int(often) / 100)
    if often := os.environ.get("CHAOS_LATE"):
        commit_late(int(often) / 100)
    from services.command import main as product

    product()


if __name__ == "__main__":
    main()
