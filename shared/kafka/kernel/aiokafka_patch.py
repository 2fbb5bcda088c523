"""A connection that is closed is told by an error that aiokafka expects.

uvloop raises RuntimeError when somebody writes to a connection that the other side has just closed, where
asyncio is silent until the next read. aiokafka does not expect it: the task that renews a client's metadata
ends without a word, and the client waits for news of the cluster for ever.
"""

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_send: Any = AIOKafkaConnection.send


def _send_or_say_closed(self: AIOKafkaConnection, request: Any, expect_response: bool = True) -> Any:
    try:
        return _send(self, request, expect_response)
    except RuntimeError as error:
        self.close(reason=CloseReason.CONNECTION_BROKEN, exc=error)
        raise KafkaConnectionError("the connection is closed") from error


AIOKafkaConnection.send = _send_or_say_closed  # type: ignore[method-assign]
