"""A broker of a company that lies: it passes requests on to the real one, and changes what that says of itself."""

import asyncio
import contextlib
import io
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiokafka.protocol.metadata

METADATA = 3
Broker = tuple[int, str, int]


class LyingBroker:
    """Says that its cluster is another one, of the brokers that it likes."""

    def __init__(self, kafka: str, brokers: Callable[[Sequence[Broker], int], Sequence[Broker]]) -> None:
        """:param brokers: from the real brokers and the port of this one to those that it names."""
        self.host, _, port = kafka.partition(":")
        self.real_port = int(port)
        self._brokers = brokers
        self.port = 0
        self._serving: set[asyncio.Task[None]] = set()

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        task = asyncio.create_task(self._serve(reader, writer), name="lying broker")
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def stop(self) -> None:
        """End all connections."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        real_reader, real_writer = await asyncio.open_connection(self.host, self.real_port)
        try:
            while True:
                request = await _read(reader)
                real_writer.write(_framed(request))
                answer = await _read(real_reader)
                key, version = struct.unpack(">hh", request[:4])
                writer.write(_framed(self._changed(answer, version) if key == METADATA else answer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            for each in (writer, real_writer):
                each.close()
            for each in (writer, real_writer):
                with contextlib.suppress(ConnectionError):
                    await each.wait_closed()

    def _changed(self, answer: bytes, version: int) -> bytes:
        kind: Any = getattr(aiokafka.protocol.metadata, f"MetadataResponse_v{version}")
        decoded = kind.decode(io.BytesIO(answer[4:]))
        fields = {name: getattr(decoded, name) for name in kind.SCHEMA.names}
        real = [(each[0], each[1], each[2]) for each in fields["brokers"]]
        fields["brokers"] = [(*each, None) for each in self._brokers(real, self.port)]
        if "cluster_id" in fields:
            fields["cluster_id"] = "another"
        return bytes(answer[:4] + kind(**fields).encode())


async def _read(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(struct.unpack(">i", await reader.readexactly(4))[0])


def _framed(content: bytes) -> bytes:
    return struct.pack(">i", len(content)) + content


@asynccontextmanager
async def a_lying_broker(
    kafka: str, brokers: Callable[[Sequence[Broker], int], Sequence[Broker]]
) -> AsyncIterator[LyingBroker]:
    """A broker that lies while the block runs."""
    liar = LyingBroker(kafka, brokers)
    server = await asyncio.start_server(liar.serve, "127.0.0.1", 0)
    liar.port = server.sockets[0].getsockname()[1]
    try:
        yield liar
    finally:
        server.close()
        await liar.stop()
