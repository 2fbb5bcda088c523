"""The entry point of each process under chaos: the product with short time-outs, and with a fault where asked.

``CHAOS_TIMES=short`` shortens the product's time-outs, so that a scenario lasts seconds, not minutes.
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

SESSION_TIMEOUT_S = 5
POLL_INTERVAL_S = 2
REBALANCE_TIMEOUT_S = 8
REQUEST_TIMEOUT_S = 9
"""Longer than a rebalance, since joining a group is one request."""
ACKNOWLEDGE_TIMEOUT_S = 9
"""Longer than three brokers need to miss one of them and to choose new leaders."""
PRODUCE_TIMEOUT_S = 10
IDLE_IN_TRANSACTION_TIMEOUT_S = 4
LEASE_DURATION = timedelta(seconds=10)
IMPORT_LEASE, IMPORT_RETRY_DELAY = timedelta(seconds=2), timedelta(seconds=0.5)
IMPORT_ROWS_PER_PART = 25 if int(os.environ.get("EVENTS") or 0) < 50_000 else 250
"""Many parts, so that many of them are interrupted."""
WEBHOOK_LEASE = timedelta(seconds=4)
"""Longer than the endpoints of a scenario take for a batch."""
POST_TIMEOUT_S = 3.0
LANE_LEASE = timedelta(seconds=5)
"""Of channels of chats and of browsers: longer than a message to them may take."""
CHAT_WAITS = (timedelta(seconds=0.5), timedelta(seconds=1), timedelta(seconds=2))
PUSH_RESTS_MINUTES = (0.01, 0.02, 0.03)
VIEW_MAILS_INTERVAL_S, VIEW_MAILS_AGAIN_AFTER = 0.5, timedelta(seconds=3)
MAIL_TIMEOUT_S = 2.0
MAX_LIFE_S = 3.0
"""A relay works for up to so many seconds before it is killed."""
LATE_SHARE = 0.33
MAX_DELAY_S = 0.4
"""Long enough for the relay to read the outbox several times: it sees what commits meanwhile first."""
RETRY_AFTER_MINUTES = (0.05, 0.05, 0.05, 60)
"""A deferred mail is tried again at once, and then not before the scenario is over."""


def replace_names(module: ModuleType, **new: Any) -> None:
    """Replace names of a module, those that it imported too.

    :raises LookupError: for a name that it does not have, so that this would replace nothing.
    """
    if missing := new.keys() - vars(module).keys():
        raise LookupError(f"{module.__name__} has no {', '.join(sorted(missing))}")
    vars(module).update(new)


def replace_defaults(function: Any, **new: Any) -> None:
    """Replace defaults of keyword arguments.

    :raises LookupError: for an argument that the function does not have.
    """
    if missing := new.keys() - function.__kwdefaults__.keys():
        raise LookupError(f"{function.__qualname__} has no {', '.join(sorted(missing))}")
    function.__kwdefaults__ |= new


def shorten() -> None:
    """Set short time-outs; the product's own are two to twelve times as long."""
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

    from shared.db import database, notifications
    from shared.kafka.kernel import clients, publisher, relay

    def consumer(**given: Any) -> AIOKafkaConsumer:
        short = {
            "session_timeout_ms": SESSION_TIMEOUT_S * 1000,
            "heartbeat_interval_ms": 500,
            "rebalance_timeout_ms": REBALANCE_TIMEOUT_S * 1000,
            "request_timeout_ms": REQUEST_TIMEOUT_S * 1000,
        }
        return AIOKafkaConsumer(**{**given, **short})

    def producer(**given: Any) -> AIOKafkaProducer:
        return AIOKafkaProducer(**{**given, "request_timeout_ms": PRODUCE_TIMEOUT_S * 1000})

    def engine(url: str, *, connect_args: dict[str, Any], **given: Any) -> AsyncEngine:
        connect_args["server_settings"] |= {
            "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_TIMEOUT_S}s",
            "lock_timeout": "2s",
        }
        return create_async_engine(url, connect_args=connect_args, **given)

    replace_defaults(publisher.Publisher.__init__, acknowledge_timeout_s=ACKNOWLEDGE_TIMEOUT_S)
    replace_names(
        clients, AIOKafkaConsumer=consumer, AIOKafkaProducer=producer, START_TIMEOUT_S=SESSION_TIMEOUT_S
    )
    replace_names(database, create_async_engine=engine)
    # PostgreSQL ends a session that is idle for so long; one that listens is kept by a statement now and then.
    replace_names(relay, ACKNOWLEDGE_TIMEOUT_S=SESSION_TIMEOUT_S - 1, POLL_INTERVAL_S=POLL_INTERVAL_S)
    replace_names(
        notifications, IDLE_SESSION_TIMEOUT_S=SESSION_TIMEOUT_S, KEEPALIVE_INTERVAL_S=POLL_INTERVAL_S
    )
    if "alerts" in sys.argv:
        from services.alerts.webhooks import lanes

        replace_defaults(lanes.WebhookLanes.__init__, lease=WEBHOOK_LEASE)
    if {"dispatcher", "alerts", "all"} & set(sys.argv):
        from shared.mail import mailer
        from shared.outbound import deliveries, outcome_rules, sender

        replace_names(mailer, DATA_COMMAND_TIMEOUT_S=MAIL_TIMEOUT_S, DATA_TIMEOUT_S=MAIL_TIMEOUT_S)
        replace_defaults(mailer.Mailer.__init__, seconds=MAIL_TIMEOUT_S)
        replace_names(outcome_rules, RETRY_AFTER_MINUTES=RETRY_AFTER_MINUTES)
        replace_names(deliveries, LEASE_DURATION=LEASE_DURATION)
        replace_names(sender, MAX_SEND_TIME=LEASE_DURATION - timedelta(seconds=4))
    if "alerts" in sys.argv:
        from services.alerts.view_mails import asking, repository

        replace_names(asking, INTERVAL_S=VIEW_MAILS_INTERVAL_S)
        replace_names(repository, TRY_AGAIN_AFTER=VIEW_MAILS_AGAIN_AFTER)
        _shorten_posts()
    if {"dispatcher", "all"} & set(sys.argv):
        from services.dispatcher import one_by_one
        from services.dispatcher.imports import processing, uploads

        replace_names(one_by_one, RETRY_DELAY=IMPORT_RETRY_DELAY)
        replace_names(processing, LEASE=IMPORT_LEASE, RETRY_DELAY=IMPORT_RETRY_DELAY)
        replace_names(uploads, MAX_ROWS_PER_PART=IMPORT_ROWS_PER_PART)


def _shorten_posts() -> None:
    from services.alerts.chats import lanes as chat_lanes
    from services.alerts.chats import posting
    from services.alerts.chats.domain import ChatRetries
    from services.alerts.notices import push_lanes, push_rest
    from shared.outbound import push_channel

    replace_names(posting, POST_TIMEOUT_S=POST_TIMEOUT_S)
    replace_names(push_channel, PUSH_TIMEOUT_S=POST_TIMEOUT_S)
    replace_names(push_rest, RETRY_AFTER_MINUTES=PUSH_RESTS_MINUTES)
    replace_defaults(chat_lanes.ChatLanes.__init__, lease=LANE_LEASE, policy=ChatRetries(waits=CHAT_WAITS))
    replace_defaults(push_lanes.PushLanes.__init__, lease=LANE_LEASE)


def push_to_this_machine() -> None:
    """Let push messages go to the harness, on any port; the product sends them to public addresses alone."""
    from functools import partial

    from support.push_service import trusting

    from services.alerts.notices import push_lanes
    from shared.outbound import web_push
    from shared.outbound.address_guard import AddressGuard
    from shared.outbound.lanes import one_connection

    replace_defaults(
        push_lanes.PushLanes.__init__,
        guard=AddressGuard.of("127.0.0.0/8"),
        make_pool=partial(one_connection, trusted=trusting()),
    )
    replace_names(web_push, PUSH_PORTS=range(1, 65_536))


def die_before_removal(raised: Callable[[], bool]) -> None:
    """Kill this process when the broker has acknowledged and the outbox still holds the rows."""
    from shared.kafka.kernel import relay

    send = relay.send
    due = 0.0

    async def last_act(producer: Any, rows: Sequence[Any]) -> None:
        nonlocal due
        await send(producer, rows)
        due = due or time.monotonic() + random.uniform(0, MAX_LIFE_S)
        if time.monotonic() > due and raised():
            os.kill(os.getpid(), signal.SIGKILL)

    replace_names(relay, send=last_act)


def commit_late(raised: Callable[[], bool]) -> None:
    """Delay commits at the worst moments: transactions with higher numbers commit first, and the relay deletes
    what it has sent only after that.
    """
    from shared.db.database import UnitOfWork
    from shared.kafka.kernel import relay

    flush, send = UnitOfWork.flush, relay.send

    async def slowly(uow: UnitOfWork) -> None:
        publishes = bool(uow._outbox_rows)
        await flush(uow)
        if publishes and random.random() < LATE_SHARE and raised():
            await asyncio.sleep(random.uniform(0, MAX_DELAY_S))

    async def send_and_wait(producer: Any, rows: Sequence[Any]) -> None:
        await send(producer, rows)
        if raised():
            await asyncio.sleep(random.uniform(0, MAX_DELAY_S))

    UnitOfWork.flush = slowly  # type: ignore[assignment]
    replace_names(relay, send=send_and_wait)


def main() -> None:
    if os.environ.get("CHAOS_TIMES") == "short":
        shorten()
    if "alerts" in sys.argv:
        push_to_this_machine()
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
