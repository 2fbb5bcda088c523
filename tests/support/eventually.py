"""Waits for what another process or task brings about."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

POLL_INTERVAL_S = 0.05


async def eventually(condition: Callable[[], T | Awaitable[T]], within: float = 10.0) -> T:
    """Ask again and again until the answer is true, and return it.

    :raises AssertionError: after `within` seconds, with the last answer or from the last exception.
    """
    deadline = asyncio.get_running_loop().time() + within
    while True:
        failure: Exception | None = None
        answer: T | None = None
        try:
            asked = condition()
            answer = await asked if inspect.isawaitable(asked) else asked
        except Exception as error:  # noqa: BLE001  (whatever it was, it is told if it does not pass)
            failure = error
        if answer:
            return answer
        if asyncio.get_running_loop().time() > deadline:
            told = f"it raised {failure!r}" if failure else f"the last answer was {answer!r}"
            raise AssertionError(f"not within {within} s: {told}") from failure
        await asyncio.sleep(POLL_INTERVAL_S)
