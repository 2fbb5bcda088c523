"""What starts each process of ours under chaos: the product, told to be impatient, and broken where asked.

``CHAOS_TIMES=short`` shortens what the product waits for, so that a scenario lasts seconds, not minutes.
``CHAOS_BREAK`` names a fault of ``broken.py``: only the self-check sets it.
``CHAOS_DIE`` is how often of a hundred the relay is killed between acknowledgement and removal.
"""

# ruff: noqa: PLC0415  (each process imports only what is patched in it)

import os
import sys
from datetime import timedelta
from typing import Any

SESSION_S = 5
IN_TRANSACTION_S = 4
LEASE = timedelta(seconds=10)


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

    said = relay.statement
    clients.AIOKafkaConsumer = consumer  # type: ignore[assignment,misc]
    database.create_async_engine = engine  # type: ignore[assignment]
    relay.statement = lambda sql: said(sql.replace("'45s'", f"'{SESSION_S}s'"))  # type: ignore[assignment]
    if {"dispatcher", "all"} & set(sys.argv):
        from services.dispatcher import domain, sender

        domain.LEASE = sender.LEASE = LEASE
        sender.GIVE_UP = LEASE - timedelta(seconds=4)


def main() -> None:
    if os.environ.get("CHAOS_TIMES") == "short":
        shorten()
    if named := os.environ.get("CHAOS_BREAK"):
        from chaos import broken

        broken.BREAKS[named].apply()
    if often := os.environ.get("CHAOS_DIE"):
        from chaos import broken

        broken.die_before_removal(int(often) / 100)
    from services.command import main as product

    product()


if __name__ == "__main__":
    main()
