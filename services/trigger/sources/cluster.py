"""Kafka clients for the clusters of companies: read only, bounded, to no address that the guard refuses."""

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import for_code
from aiokafka.protocol.metadata import MetadataRequest

from services.trigger.sources.bounded_codecs import MAX_DECOMPRESSED_BYTES, BatchTooLarge
from services.trigger.sources.checked_client import SourceClient
from services.trigger.sources.domain import OWN_CLUSTER_PREFIX, Sasl, Secrets, Source, SourceConnection
from services.trigger.sources.problems import SourceProblem, problem_of
from shared.kafka.kernel.clients import stop_consumer
from shared.kafka.kernel.handling import Record
from shared.kafka.kernel.topic_reader import topic_reader
from shared.limits import FETCH_BYTES
from shared.outbound.address_guard import AddressGuard

log = structlog.get_logger()

START_TIMEOUT_S = 20.0
REQUEST_TIMEOUT_MS = 15_000
FETCH_WAIT_MS = 500
METADATA_MAX_AGE_MS = 30_000
"""After so long a new partition is seen."""
RECORDS_AT_ONCE = 20
_MECHANISMS: dict[Sasl, str] = {
    "plain": "PLAIN",
    "scram-sha-256": "SCRAM-SHA-256",
    "scram-sha-512": "SCRAM-SHA-512",
}


def tls_context(connection: SourceConnection, client_key: str) -> ssl.SSLContext:
    """What the brokers' certificates are checked against, and the client's own.

    :raises ssl.SSLError: when a certificate or the key cannot be read.
    :raises ValueError: the same.
    """
    context = ssl.create_default_context(cadata=connection.ca or None)
    if connection.client_certificate:
        # OpenSSL reads them from files only; the folder is readable by us alone, and gone at once.
        with tempfile.TemporaryDirectory(prefix="afterword-") as folder:
            certificate, key = Path(folder, "certificate"), Path(folder, "key")
            certificate.write_text(connection.client_certificate)
            key.touch(mode=0o600)
            key.write_text(client_key)
            context.load_cert_chain(certificate, key, password=_refuse_to_ask)
    return context


def _refuse_to_ask() -> str:
    """In place of OpenSSL's question for a password at the terminal."""
    raise ValueError("the key has a password")


def _options(source: Source, secrets: Secrets) -> dict[str, Any]:
    connection = source.connection
    protocol = ("SASL_" if connection.sasl != "none" else "") + ("SSL" if connection.tls else "PLAINTEXT")
    options: dict[str, Any] = {
        "bootstrap_servers": list(connection.bootstrap),
        "client_id": f"afterword-{source.id}",
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
        "metadata_max_age_ms": METADATA_MAX_AGE_MS,
        "security_protocol": protocol,
        "ssl_context": tls_context(connection, secrets.client_key) if connection.tls else None,
    }
    if connection.sasl != "none":
        options |= {
            "sasl_mechanism": _MECHANISMS[connection.sasl],
            "sasl_plain_username": connection.username,
            "sasl_plain_password": secrets.password,
        }
    return options


class SourceCluster:
    """The cluster of one source, connected.

    It needs the rights to describe and to read the topic, and none to a group: the positions are ours.
    What goes wrong with the cluster is raised as :class:`SourceProblem`, never taken for an error of ours.
    """

    def __init__(
        self, source: Source, secrets: Secrets, guard: AddressGuard, own_cluster: str | None
    ) -> None:
        """:param own_cluster: the id of the cluster of this installation.

        :raises SourceProblem: when the certificates cannot be used.
        """
        try:
            options = _options(source, secrets)
        except (ssl.SSLError, ValueError) as error:
            raise SourceProblem("tls") from error
        self._topic = source.topic
        self._consumer: AIOKafkaConsumer = AIOKafkaConsumer(
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_bytes=4 * FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            **options,
        )
        self._client: Any = SourceClient(
            guard, lambda cluster_id: _may_read(source, cluster_id, own_cluster), **options
        )
        self._consumer._client = self._client  # noqa: SLF001  (aiokafka has no way to pass one)
        self._too_large = False
        """Whether a batch was too large: what aiokafka had taken with it is lost to this client."""

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator["SourceCluster"]:
        """The cluster, connected while the block runs."""
        try:
            with self._errors():
                async with asyncio.timeout(START_TIMEOUT_S):
                    await self._consumer.start()
            yield self
        finally:
            await stop_consumer(self._consumer)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except SourceProblem:
            raise
        except Exception as error:
            code = problem_of(error, self._client.own_cluster or self._client.last_error)
            if code is None:
                # A broker that answers what no broker answers: the struct or the assertion that it breaks.
                log.warning("source_cluster_answers_strangely", error=type(error).__name__)
            raise SourceProblem(code or "unreachable") from error

    async def partitions(self) -> list[int]:
        """The partitions of the topic as it is. One that is not there is not created."""
        with self._errors():
            node = self._client.get_random_node()
            if node is None:
                raise SourceProblem("unreachable")
            request = MetadataRequest([self._topic], allow_auto_topic_creation=False)
            response = await self._client.send(node, request)
            for code, name, *_, partitions in response.topics:
                if name == self._topic:
                    _check_topic_error(code)
                    self._client.add_topic(name)
                    await self._meet_leaders({int(each[2]) for each in partitions})
                    return sorted(int(each[1]) for each in partitions)
        raise SourceProblem("no_topic")

    async def _meet_leaders(self, nodes: Iterable[int]) -> None:
        """Connect to the brokers that will be read from, to know at once when one is none to be read."""
        async with asyncio.timeout(START_TIMEOUT_S):
            for node in nodes:
                await self._client.ready(node)
                self._refuse_own_cluster()

    def _refuse_own_cluster(self) -> None:
        """For aiokafka a refused connection is a broker that is away: it tries again without a word."""
        if self._client.own_cluster is not None:
            raise SourceProblem("own_cluster")

    def assign(self, starts: Mapping[int, int]) -> None:
        """Read these partitions, each from its offset."""
        tps = {self._tp(part): offset for part, offset in starts.items()}
        self._consumer.assign(sorted(tps))
        for tp, offset in tps.items():
            self._consumer.seek(tp, offset)

    def pause(self, part: int) -> None:
        """Fetch no more of a partition."""
        self._consumer.pause(self._tp(part))

    async def fetch(self, *, wait_ms: int, most: int) -> Mapping[int, Sequence[Record]]:
        """The next records, by partition; after ``wait_ms`` none.

        Few are asked for at a time: each may be as large as a batch.
        """
        if self._too_large:
            raise SourceProblem("too_large")
        fetched: dict[int, list[Record]] = {}
        count = size = 0
        while count < most and size < MAX_DECOMPRESSED_BYTES:
            some = await self._next(0 if count else wait_ms, min(RECORDS_AT_ONCE, most - count))
            if not some:
                break
            for part, records in some.items():
                fetched.setdefault(part, []).extend(records)
                count += len(records)
                size += sum(len(each.value or b"") for each in records)
        if self._too_large and not fetched:
            raise SourceProblem("too_large")
        return dict(sorted(fetched.items()))

    async def _next(self, wait_ms: int, most: int) -> Mapping[int, Sequence[Record]]:
        """The next few records; none, and ``_too_large``, where one of their batches is."""
        with self._errors():
            try:
                fetched = await self._consumer.getmany(timeout_ms=wait_ms, max_records=most)
            except BatchTooLarge:
                self._too_large = True
                return {}
            self._refuse_own_cluster()
        return {tp.partition: records for tp, records in fetched.items() if records}

    async def beginnings(self, parts: Iterable[int]) -> dict[int, int]:
        """The offset of the oldest record of each partition."""
        with self._errors():
            found = await self._consumer.beginning_offsets([self._tp(part) for part in parts])
        return {tp.partition: offset for tp, offset in found.items()}

    async def ends(self, parts: Iterable[int]) -> dict[int, int]:
        """The offset behind the newest record of each partition."""
        with self._errors():
            found = await self._consumer.end_offsets([self._tp(part) for part in parts])
        return {tp.partition: offset for tp, offset in found.items()}

    async def position(self, part: int) -> int:
        """The offset up to which an assigned partition was fetched.

        It lies behind the records that ``fetch`` returned, and behind what no reader gets: markers of
        transactions and the records of those that were aborted.
        """
        if self._too_large:
            raise SourceProblem("too_large")
        with self._errors():
            return int(await self._consumer.position(self._tp(part)))

    async def at_times(self, times_ms: Mapping[int, int]) -> dict[int, tuple[int, int] | None]:
        """By partition the first record that is not older than a time: its offset and time, or None.

        It may be one that no reader gets: a marker of a transaction, or a record of one that was aborted.
        """
        with self._errors():
            found = await self._consumer.offsets_for_times(
                {self._tp(part): time_ms for part, time_ms in times_ms.items()}
            )
        return {tp.partition: (each.offset, each.timestamp) if each else None for tp, each in found.items()}

    def _tp(self, part: int) -> TopicPartition:
        return TopicPartition(self._topic, part)


def _check_topic_error(code: int) -> None:
    match for_code(code).__name__:
        case "NoError":
            return
        case "TopicAuthorizationFailedError":
            raise SourceProblem("forbidden")
        case "UnknownTopicOrPartitionError" | "InvalidTopicError":
            raise SourceProblem("no_topic")
        case _:
            raise SourceProblem("unreachable")


async def cluster_id_of(bootstrap: str) -> str | None:
    """The id of the cluster of this installation."""
    async with topic_reader(bootstrap, "afterword-sources") as reader:
        client = reader._client  # noqa: SLF001
        response = await client.send(client.get_random_node(), MetadataRequest([]))
        found: str | None = getattr(response, "cluster_id", None)
        return found


def _may_read(source: Source, cluster_id: str | None, own_cluster: str | None) -> bool:
    """On the cluster of this installation, where the topics of all companies are, a company reads its own.

    A cluster that names no id may be that one.
    """
    own = cluster_id is None or own_cluster is None or cluster_id == own_cluster
    return not own or source.topic.startswith(OWN_CLUSTER_PREFIX.format(tenant=source.tenant))
