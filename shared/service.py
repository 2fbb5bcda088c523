"""What a service is: its settings, what it hears, what it serves, does by the clock, and sends."""

import asyncio
import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData

from shared.db.database import Database
from shared.events import TOPICS
from shared.kafka import Probe, Subscription
from shared.kafka.dead_letters import dead_letter_topic
from shared.kafka.figures import Measure
from shared.kafka.recovery import Recovery
from shared.kafka.topics import declared
from shared.runtime import Health, Loop
from shared.settings import Afterword, ServiceSettings, load
from shared.tenancy.keyring import TenantKeyRing

if TYPE_CHECKING:
    from fastapi import FastAPI


@dataclass
class Context:
    """What a process holds for one service while it runs."""

    service: str
    afterword: Afterword
    own: Any
    """The service's own settings: an instance of its ``Service.settings``."""
    database: Database
    health: Health
    stopping: asyncio.Event
    keys: TenantKeyRing

    def probe(self, topics: Iterable[str]) -> Probe:
        """Looks whether the broker answers and these topics are as they are declared."""
        partitions, replication = self.afterword.topic_partitions, self.afterword.topic_replication
        wanted = declared(topics, partitions=partitions, replication=replication)
        return Probe(self.afterword.kafka, self.health, wanted)

    @property
    def secret(self) -> str:
        """The root secret; keys are derived from it by purpose (shared.http.secrets)."""
        return self.afterword.secret.get_secret_value()


Loops = Mapping[str, Loop]
Api = Callable[[Context], "tuple[FastAPI, Loops]"]


def door(module: str) -> Api:
    """The ``build_api`` of a service's door, imported when an API is built.

    A worker serves no pages: without the web framework it starts in half the time and half the memory.
    """

    def build_api(context: Context) -> "tuple[FastAPI, Loops]":
        from shared.http.csrf import CsrfGuard  # noqa: PLC0415
        from shared.http.hosts import Hosts  # noqa: PLC0415
        from shared.http.staff import AccessPass  # noqa: PLC0415

        app: FastAPI
        app, loops = importlib.import_module(module).build_api(context)
        app.state.keys = context.keys
        app.state.health = context.health
        app.state.access = AccessPass(context.secret, clock=context.database.clock)
        app.state.csrf = CsrfGuard(context.secret)
        app.state.encrypted = context.afterword.staff_url.startswith("https:")
        app.state.hosts = Hosts(context.afterword.public_url, context.afterword.staff_url)
        return app, loops

    return build_api


@dataclass(frozen=True)
class Service:
    """One of the five. ``app.py`` of each says it in full."""

    name: str
    settings: type[ServiceSettings]
    metadata: MetaData
    paths: Sequence[str]
    """What its API serves, by prefix; no path has two places."""
    api: Api
    """Its API, and the loops that run beside it in the same process."""
    subscriptions: Sequence[Subscription[Any]] = ()
    worker_loops: Callable[[Context], Loops] = field(default=lambda _: {})
    """What it does by the clock."""
    sender_loops: Callable[[Context], Loops] | None = None
    """Its mail, in a worker or in processes of their own; None where it sends none."""
    recovery: Recovery = field(default_factory=Recovery)
    """What it does when its database was restored from an older backup."""
    measures: Sequence[Measure] = ()
    """Gauges of its own, each set by one look into its database every few seconds."""

    @property
    def roles(self) -> list[str]:
        """What a process of this service may be."""
        return ["api", "worker", *(["sender"] if self.sender_loops else [])]

    @property
    def own_topics(self) -> list[str]:
        """Where it alone speaks."""
        return [owned.topic.name for owned in self.recovery.owned]

    @property
    def dead_letter_topics(self) -> list[str]:
        """Where it puts what it cannot handle."""
        return [dead_letter_topic(subscription.topic.name, self.name) for subscription in self.subscriptions]

    @property
    def topics(self) -> list[str]:
        """What its workers read and write."""
        heard = {subscription.topic.name for subscription in self.subscriptions}
        said = {topic.name for topic in TOPICS if topic.source == f"/afterword/{self.name}"}
        return [*sorted(heard | said), *self.dead_letter_topics]


async def open_context(
    service: Service, stopping: asyncio.Event, afterword: Afterword, own: ServiceSettings, *, process: str
) -> Context:
    """Everything a process needs of one service."""
    database = Database(
        own.database_url.get_secret_value(),
        name=f"{service.name}-{process}",
        pool_seconds=1.5 if process == "api" else 10,
    )
    health = Health(service.name)
    return Context(service.name, afterword, own, database, health, stopping, TenantKeyRing(database, health))


def read_settings(services: Sequence[Service]) -> tuple[Afterword, list[ServiceSettings]]:
    """All settings at once, so that all faults are named at once.

    :raises SettingsError: with every fault.
    """
    loaded: list[Any] = load([Afterword, *(service.settings for service in services)])
    return loaded[0], loaded[1:]
