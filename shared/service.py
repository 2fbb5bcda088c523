"""A service as its ``app.py`` declares it: settings, subscriptions, API, loops, recovery."""

import asyncio
import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import MetaData

from shared.db.database import Database
from shared.db.notifications import ChangeListener
from shared.events import CUSTOMERS, TENANTS, TOPICS, TRANSACTIONS, Topic
from shared.health import Health
from shared.kafka.kernel import Subscription
from shared.kafka.kernel.dead_letters import dead_letter_topic
from shared.kafka.ops.metrics_loop import Gauge
from shared.kafka.ops.recovery import Recovery
from shared.kafka.ops.topic_probe import TopicProbe
from shared.kafka.ops.topics import declared
from shared.privacy.backfill import PersonalTable
from shared.privacy.dead_letters import DeadLetterSearch
from shared.privacy.erased import keep_erased
from shared.privacy.erasing import Erase, Erasing
from shared.privacy.left_companies import CompanyErasing, dropping_left, erasable_topics
from shared.privacy.retention import RetentionRule
from shared.privacy.rolling import SegmentRolling
from shared.privacy.stripping import stripping
from shared.runtime import Loop
from shared.settings import Afterword, ServiceSettings, load
from shared.tenancy import keep_tenants
from shared.tenancy.keyring import TenantKeyRing

if TYPE_CHECKING:
    from fastapi import FastAPI

C = TypeVar("C", bound="Context")

PUBLISHED_BY_ALL = "/afterword"
"""The source of topics on which every service publishes."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What the handlers, loops and routes of one service need, for as long as its process runs.

    A service whose routes need more (its pages, a live feed) has its own subclass in ``context.py``.
    """

    service: str
    afterword: Afterword
    own: Any
    """The service's own settings: an instance of its ``Service.settings``."""
    database: Database
    health: Health
    stopping: asyncio.Event
    keys: TenantKeyRing
    changes: ChangeListener
    """Live pages wait for its notifications; it runs in an API process only."""
    started: asyncio.Event | None = None
    """Set once the database has the revision that this code needs; None where nothing waits for that."""

    def probe(self, topics: Iterable[str]) -> TopicProbe:
        """A loop that checks whether the broker answers, and whether these topics are as declared."""
        partitions, replication = self.afterword.topic_partitions, self.afterword.topic_replication
        wanted = declared(topics, partitions=partitions, replication=replication)
        return TopicProbe(self.afterword.kafka, self.health, wanted)

    @property
    def secret(self) -> str:
        """The root secret, from which keys are derived by purpose (shared.secrets)."""
        return self.afterword.secret.get_secret_value()

    @property
    def staff_url(self) -> str:
        """The URL of the staff's pages, without a slash at its end."""
        return self.afterword.staff_url.rstrip("/")

    def extended(self, kind: type[C], **more: Any) -> C:
        """The same context as an instance of the service's own subclass."""
        return kind(**{each.name: getattr(self, each.name) for each in fields(Context)}, **more)


Loops = Mapping[str, Loop]
Api = Callable[[Context], "tuple[FastAPI, Loops]"]


def lazy_api(module: str) -> Api:
    """The ``build_api`` of a service's ``web.py``, imported when an API is built.

    A worker serves no pages: without the web framework it starts in half the time and half the memory.
    """

    def build_api(context: Context) -> "tuple[FastAPI, Loops]":
        built: tuple[FastAPI, Loops] = importlib.import_module(module).build_api(context)
        return built

    return build_api


@dataclass(frozen=True)
class PersonalData:
    """What a service stores of customers, and how it is erased."""

    tables: Sequence[PersonalTable]
    """Every table with a column ``person``."""
    erase: Erase
    """Erases all that these tables, and those that hang on them, have of some customers."""


@dataclass(frozen=True)
class Service:
    """One of the five services."""

    name: str
    settings: type[ServiceSettings]
    metadata: MetaData
    paths: Sequence[str]
    """Prefixes of the paths that its API serves; no two services share one."""
    api: Api
    """Its API, and the loops that run beside it in the same process."""
    consumes: Sequence[Topic[Any]] = ()
    """The topics of its subscriptions."""
    subscriptions: Callable[[Context], Sequence[Subscription[Any]]] = field(default=lambda _: ())
    """The handler of each topic that it consumes."""
    worker_loops: Callable[[Context], Loops] = field(default=lambda _: {})
    """Its loops by the clock."""
    sender_loops: Callable[[Context], Loops] | None = None
    """The loops that send its mail, in a worker or in a process of their own; None if it sends none."""
    receiver_loops: Callable[[Context], Loops] | None = None
    """The loops that take mails which come back, in a process of their own; None if it takes none."""
    owns: Sequence[Topic[Any]] = ()
    """The topics on which it alone publishes, and whose events it can publish again from its tables."""
    publishes: Sequence[Topic[Any]] = ()
    """The topics on which it alone publishes, and of which nobody needs to be told again."""
    recovery: Callable[[Context], Recovery] = field(default=lambda _: Recovery())
    """What it does when its database was restored from an older backup."""
    retention: Sequence[RetentionRule] = ()
    """What it removes when, in this order: what is overwritten before what is deleted."""
    own_dead_letters: Sequence[str] = ()
    """Topics of dead letters besides those of its subscriptions."""
    searched_dead_letters: Sequence[str] = ()
    """Another service's topics of dead letters from which this one erases customers."""
    personal_data: PersonalData | None = None
    """What it stores of customers; None: nothing."""
    gauges: Sequence[Gauge] = ()
    """Its own gauges, each set by a query every few seconds."""

    def consumed(self, context: Context) -> list[Subscription[Any]]:
        """Its subscriptions, as they are run: the handlers get nothing personal of erased customers."""
        # A decision looks for erased customers itself: that they are is its reason.
        return [
            dropping_left(each if each.topic is TRANSACTIONS else stripping(context.secret, each))
            for each in self.subscriptions(context)
        ]

    def restored(self, context: Context) -> Recovery:
        """Its recovery, as it is run: first of all it learns who was erased, and which companies left."""
        recovery = self.recovery(context)
        if self.personal_data is None:
            return recovery
        reads = [dropping_left(stripping(context.secret, each)) for each in recovery.reads]
        companies = Subscription(TENANTS, keep_tenants)
        return replace(recovery, reads=[Subscription(CUSTOMERS, keep_erased), companies, *reads])

    def erasing_companies(self, context: Context) -> CompanyErasing:
        """What erases companies that have left in a worker."""
        return CompanyErasing(
            self.name,
            context.database,
            self.metadata,
            context.afterword.kafka,
            erasable_topics(self.name),
            self.dead_letter_topics,
            context.health,
        )

    def erasing(self, context: Context, data: PersonalData) -> Erasing:
        """What erases customers in a worker."""
        kafka, topics = context.afterword.kafka, [*self.dead_letter_topics, *self.searched_dead_letters]
        return Erasing(
            self.name,
            context.database,
            context.secret,
            data.tables,
            data.erase,
            DeadLetterSearch(kafka, context.secret, topics, context.database),
            SegmentRolling(context.database, kafka, [*self._erasable_topics, *topics]),
            context.health,
        )

    @property
    def _erasable_topics(self) -> list[str]:
        """Its own topics from which it erases, and those of transactions, from which their consumer does."""
        own = {topic.name for topic in (*self.owns, *self.publishes) if topic.erasable}
        return sorted(own | {topic.name for topic in self.consumes if topic is TRANSACTIONS})

    @property
    def roles(self) -> list[str]:
        """The kinds of process that this service has."""
        return [
            *("api", "worker"),
            *(["sender"] if self.sender_loops else []),
            *(["bounces"] if self.receiver_loops else []),
        ]

    @property
    def consumed_topics(self) -> list[str]:
        """The names of the topics that it consumes."""
        return [topic.name for topic in self.consumes]

    @property
    def own_topics(self) -> list[str]:
        """The names of the topics that it owns."""
        return [topic.name for topic in self.owns]

    @property
    def dead_letter_topics(self) -> list[str]:
        """The topics of the dead letters of its subscriptions, and its further ones."""
        return [dead_letter_topic(name, self.name) for name in self.consumed_topics] + [
            *self.own_dead_letters
        ]

    @property
    def topics(self) -> list[str]:
        """The names of all topics that its workers consume or publish on."""
        sources = {f"/afterword/{self.name}", PUBLISHED_BY_ALL}
        published = {topic.name for topic in TOPICS if topic.source in sources}
        return [*sorted({*self.consumed_topics, *published}), *self.dead_letter_topics]


async def open_context(
    service: Service, stopping: asyncio.Event, afterword: Afterword, own: ServiceSettings, *, process: str
) -> Context:
    """The context of one service for a process; its database must be closed at the end."""
    database = Database(
        own.database_url.get_secret_value(),
        name=f"{service.name}-{process}",
        pool_seconds=1.5 if process == "api" else 10,
    )
    health = Health(service.name)
    return Context(
        service=service.name,
        afterword=afterword,
        own=own,
        database=database,
        health=health,
        stopping=stopping,
        keys=TenantKeyRing(database, health),
        changes=ChangeListener(database),
    )


def read_settings(services: Sequence[Service]) -> tuple[Afterword, list[ServiceSettings]]:
    """The settings of several services.

    :raises SettingsError: naming every fault of all of them at once.
    """
    loaded: list[Any] = load([Afterword, *(service.settings for service in services)])
    return loaded[0], loaded[1:]
