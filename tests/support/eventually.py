"""Waits for the result of another process or task."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

T = TypeVar("T")

FIRST_INTERVAL_S, MAX_INTERVAL_S = 0.001, 0.05


@overload
async def eventually(condition: Callable[[], Awaitable[T | None]], within: float = 10.0) -> T: ...


@overload
async def eventually(condition: Callable[[], T | None], within: float = 10.0) -> T: ...


async def eventually(condition: Callable[[], T | Awaitable[T | None] | None], within: float = 10.0) -> T:
    """Evaluate the condition again and again until it is true, and return its value.

    :raises AssertionError: after `within` seconds, with the last value or from the last exception.
    """
    interval = FIRST_INTERVAL_S
    deadline = asyncio.get_running_loop().time() + within
    while True:
        failure: Exception | None = None
        value: T | None = None
        try:
            result = condition()
            value = await result if inspect.isawaitable(result) else result
        except Exception as error:  # noqa: BLE001  (any error is reported when the time is over)
            failure = error
        if value:
            return value
        if asyncio.get_running_loop().time() > deadline:
            reason = f"it raised {failure!r}" if failure else f"the last value was {value!r}"
            raise AssertionError(f"not within {within} s: {reason}") from failure
        await asyncio.sleep(interval)
        interval = min(2 * interval, MAX_INTERVAL_S)
