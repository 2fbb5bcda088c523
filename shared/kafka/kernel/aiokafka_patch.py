"""A patch of aiokafka: writing to a closed connection raises an error that it expects.

uvloop raises RuntimeError on a write to a connection that the other side has just closed, where asyncio
raises nothing until the next read. aiokafka does not expect that: the task that refreshes a client's metadata
ends silently, and the client waits for metadata for ever.
"""

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_send: Any = AIOKafkaConnection.send


def _send_or_raise_closed(self: AIOKafkaConnection, request: Any, expect_response: bool = True) -> Any:
    try:
        return _send(self, request, expect_response)
    except RuntimeError as error:
        self.close(reason=CloseReason.CONNECTION_BROKEN, exc=error)
        raise KafkaConnectionError("the connection is closed") from error


AIOKafkaConnection.send = _send_or_raise_closed  # type: ignore[method-assign]
