"""Names become addresses in threads of their own: names whose servers do not answer delay no other.

The system's resolver blocks, for as long as ten seconds and more, and cannot be called off. A loop has few
threads for it, which so many dead names would fill. Here each lookup has its thread; what was slow lately
waits for one of a few places.
"""

import asyncio
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

MAX_LOOKUPS = 256
"""At a time, of one process; as many as its lanes of webhooks, and some that were given up."""
MAX_SLOW_LOOKUPS = 8
"""Of them, of names that were slow lately."""
SLOW_AFTER_S = 1.0
SLOW_FOR_S = 600.0
MAX_SLOW_NAMES = 10_000

Resolve = Callable[[str, int], list[str]]
_Outcome = list[str] | Exception


def system_addresses(host: str, port: int) -> list[str]:
    """The addresses of a host, by the system's resolver.

    :raises OSError: when the name is not known, or is none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("this is no name of a host") from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class HostLookups:
    """Finds the addresses of hosts for one process."""

    def __init__(
        self, resolve: Resolve = system_addresses, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._resolve = resolve
        self._clock = clock
        self._slow: OrderedDict[str, float] = OrderedDict()
        """Names, and until when they count as slow."""
        self._places: WeakKeyDictionary[Any, tuple[asyncio.Semaphore, asyncio.Semaphore]] = (
            WeakKeyDictionary()
        )

    async def find(self, host: str, port: int) -> list[str]:
        """The addresses of a host. A caller may give up waiting; the thread ends when the resolver does.

        :raises OSError: when the name is not known.
        """
        loop = asyncio.get_running_loop()
        places = self._place_for(host, loop)
        await places.acquire()
        found: asyncio.Future[list[str]] = loop.create_future()
        began = self._clock()

        def settle(outcome: _Outcome) -> None:
            places.release()
            self._note(host, self._clock() - began)
            if found.done():
                return
            if isinstance(outcome, Exception):
                found.set_exception(outcome)
            else:
                found.set_result(outcome)

        def look_up() -> None:
            outcome: _Outcome
            try:
                outcome = self._resolve(host, port)
            except Exception as error:  # noqa: BLE001  (it is raised where the lookup is awaited)
                outcome = error
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, outcome)

        try:
            # No process waits for it when it ends.
            threading.Thread(target=look_up, name="lookup", daemon=True).start()
        except RuntimeError as error:
            places.release()
            raise OSError("no thread is left for a lookup") from error
        try:
            return await found
        except asyncio.CancelledError:
            if (took_s := self._clock() - began) >= SLOW_AFTER_S:
                self._note(host, took_s)
            raise

    def _place_for(self, host: str, loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
        if loop not in self._places:
            self._places[loop] = asyncio.Semaphore(MAX_LOOKUPS), asyncio.Semaphore(MAX_SLOW_LOOKUPS)
        usual, slow = self._places[loop]
        return slow if self._slow.get(host, 0.0) > self._clock() else usual

    def _note(self, host: str, took_s: float) -> None:
        self._slow.pop(host, None)
        if took_s >= SLOW_AFTER_S:
            self._slow[host] = self._clock() + SLOW_FOR_S
            while len(self._slow) > MAX_SLOW_NAMES:
                self._slow.popitem(last=False)


LOOKUPS = HostLookups()
"""Of this process."""
