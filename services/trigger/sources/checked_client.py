"""A Kafka client that connects to checked addresses alone, and to no broker of a cluster it may not read.

aiokafka has no way to name the address that a host was checked under: its function that makes connections is
replaced, which makes those of other clients as before.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import Any

import aiokafka.client
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.metadata import MetadataRequest

from services.trigger.sources.problems import OwnClusterRefused
from shared.outbound.address_guard import AddressGuard

MAX_RESPONSE_BYTES = 32 * 1024 * 1024
"""Of one response of a broker: one that says more is not read."""


class SourceClient(AIOKafkaClient):
    """A client whose every connection is made to a checked address, and to a cluster that it may read."""

    def __init__(self, guard: AddressGuard, may_read: Callable[[str | None], bool], **options: Any) -> None:
        """:param may_read: whether the topic may be read on the cluster with an id."""
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._guard = guard
        self._may_read = may_read
        self.own_cluster: OwnClusterRefused | None = None
        """That one of the brokers was of our own cluster: it stays, whatever other brokers say."""
        self.last_error: BaseException | None = None
        """Why the last connection failed: aiokafka tells only that none could be made."""

    async def bootstrap(self) -> None:
        with _connecting(self):
            await super().bootstrap()  # type: ignore[no-untyped-call]

    async def _get_conn(self, *args: Any, **options: Any) -> Any:
        with _connecting(self):
            return await super()._get_conn(*args, **options)  # type: ignore[no-untyped-call]

    async def connect(self, host: str, port: int, options: dict[str, Any]) -> Any:
        """A connection to one of the host's checked addresses."""
        try:
            connection = await self._connected(host, port, options)
            try:
                await self._refuse_own_cluster(connection)
            except BaseException:
                connection.close()
                raise
        except BaseException as error:
            self.last_error = error
            raise
        return connection

    async def _connected(self, host: str, port: int, options: dict[str, Any]) -> Any:
        addresses = await self._guard.addresses(host, port)
        for address in addresses[:-1]:
            with contextlib.suppress(OSError, TimeoutError):
                return await _connected(host, port, address, options)
        return await _connected(host, port, addresses[-1], options)

    async def _refuse_own_cluster(self, connection: Any) -> None:
        """Ask the broker itself which cluster it is of: another one could name it as the leader of a topic.

        :raises OwnClusterRefused: when the topic may be another company's there.
        """
        response = await connection.send(MetadataRequest([]))
        if not self._may_read(getattr(response, "cluster_id", None)):
            self.own_cluster = OwnClusterRefused("a broker of our own cluster")
            raise self.own_cluster


class _Connection(AIOKafkaConnection):
    """A connection that reads no response of a size that no request of ours asks for."""

    def _create_reader_task(self) -> "asyncio.Task[None]":
        reader: Any = self._reader
        exactly: Callable[[int], Awaitable[bytes]] = reader.readexactly

        async def bounded(size: int) -> bytes:
            if not 0 <= size <= MAX_RESPONSE_BYTES:
                raise ConnectionError("the broker says that it answers more than is read")
            return await exactly(size)

        reader.readexactly = bounded
        task: asyncio.Task[None] = super()._create_reader_task()  # type: ignore[no-untyped-call]
        return task


class _CheckedLoop:
    """The event loop, but its connections go to the checked address of the host that they are for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, address: str) -> None:
        self._loop = loop
        self._address = address

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def create_connection(self, factory: Any, host: str, port: int, ssl: Any = None) -> Any:
        """As the loop's own; TLS is checked against the name of the host."""
        return await self._loop.create_connection(
            factory, self._address, port, ssl=ssl, server_hostname=host if ssl else None
        )


async def _connected(host: str, port: int, address: str, options: dict[str, Any]) -> Any:
    connection: Any = _Connection(host, port, **options)  # type: ignore[no-untyped-call]
    loop = connection._loop  # noqa: SLF001
    connection._loop = _CheckedLoop(loop, address)  # noqa: SLF001  (aiokafka has no way to name the address)
    try:
        await connection.connect()
    finally:
        connection._loop = loop  # noqa: SLF001
    return connection


_client: ContextVar[SourceClient | None] = ContextVar("source_client", default=None)
_module: Any = aiokafka.client
_create_conn: Any = _module.create_conn


@contextlib.contextmanager
def _connecting(client: SourceClient) -> Iterator[None]:
    token = _client.set(client)
    try:
        yield
    finally:
        _client.reset(token)


async def _create_checked_conn(host: str, port: int, **options: Any) -> Any:
    client = _client.get()
    if client is None:
        return await _create_conn(host, port, **options)
    return await client.connect(host, port, options)


_module.create_conn = _create_checked_conn
