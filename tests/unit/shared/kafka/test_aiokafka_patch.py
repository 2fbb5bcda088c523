"""The error that aiokafka gets when uvloop has seen the end of a connection first."""

import asyncio

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.admin import ApiVersionRequest

import shared.kafka.kernel


async def _send_on_a_closed_connection() -> None:
    """The transport is gone, and the library, which reads of it in a moment, does not know."""
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection = AIOKafkaConnection("127.0.0.1", port)
        connection._reader, connection._writer = await asyncio.open_connection("127.0.0.1", port)
        connection._read_task = asyncio.create_task(connection._reader.read())
        connection._writer.transport.abort()
        await asyncio.wait([connection._read_task])
        with pytest.raises(KafkaConnectionError):
            await connection.send(ApiVersionRequest())
        assert not connection.connected()


def test_a_closed_connection_is_an_error_of_kafka_under_uvloop_too() -> None:
    assert hasattr(shared.kafka.kernel, "aiokafka_patch")
    uvloop.run(_send_on_a_closed_connection())
