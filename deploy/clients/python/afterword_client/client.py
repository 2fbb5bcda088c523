"""The client."""

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .errors import AfterwordAway, EventRefused, PassingFailure
from .results import LinkResult, SentEvent
from .retrying import RetryPolicy
from .transport import Transport

Event = Mapping[str, Any]
"""A purchase or a contact, as ``POST /v1/events`` takes it; ``id`` is its identity."""
EVENTS_PATH, LINKS_PATH = "/v1/events", "/v1/invitations"
MAX_EVENTS, MAX_LINKS = 1_000, 100
"""Of one request."""
MAX_BATCH_BYTES = 900_000
"""A request may have 1 MiB."""


class Afterword:
    """Sends events and asks for links, and tries again with the same ids until it was done once."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout_s: float = 10.0,
        retry: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """:param url: of the staff's address, such as ``https://afterword.example.com``.
        :param timeout_s: of one try.
        :raises ValueError: when the address is none, or is neither https nor of this machine.
        """
        self._transport = Transport(url, key, timeout_s)
        self._retry, self._sleep, self._clock, self._chance = retry or RetryPolicy(), sleep, clock, chance

    def send(self, event: Event) -> SentEvent:
        """Send one event; return when it is kept.

        :raises EventRefused: when it is faulty.
        :raises AfterwordAway: when it is not known to be kept. Send it again later: it counts once.
        :raises ValueError: when it has no id.
        """
        return SentEvent.of(self._post(EVENTS_PATH, _encoded(event)))

    def send_all(self, events: Iterable[Event]) -> Iterator[SentEvent]:
        """Send any number of events in batches; give the result of each, in their order, as they are sent.

        A faulty event has a result that says so, and harms no other. The errors are those of :meth:`send`.
        """
        for batch in _batches(events, MAX_EVENTS):
            for result in self._results(EVENTS_PATH, batch):
                yield SentEvent.of(result)

    def ask_for_link(self, event: Event) -> LinkResult:
        """Let the event be decided about now, and get the customer's personal link, or why nobody is asked.

        The errors are those of :meth:`send`; ``survey_id`` in the event names the one survey that may ask.
        """
        return LinkResult.of(self._post(LINKS_PATH, _encoded(event)))

    def ask_for_links(self, events: Iterable[Event]) -> Iterator[LinkResult]:
        """The same for any number of events, in their order."""
        for batch in _batches(events, MAX_LINKS):
            for result in self._results(LINKS_PATH, batch):
                yield LinkResult.of(result)

    def _results(self, path: str, batch: list[bytes]) -> list[Mapping[str, Any]]:
        answer = self._post(path, b"[" + b",".join(batch) + b"]")
        results = answer.get("results")
        if not isinstance(results, list) or len(results) != len(batch):
            raise AfterwordAway("The response does not have a result for each event.")
        return results

    def _post(self, path: str, body: bytes) -> Mapping[str, Any]:
        began, failed = self._clock(), 0
        while True:
            try:
                answer = self._transport.post(path, body)
            except PassingFailure as failure:
                failed += 1
                wait_s = self._retry.wait_s(failed, failure.retry_after_s, self._chance)
                is_over = self._clock() + wait_s > began + self._retry.patience_s
                if failed >= self._retry.tries or is_over:
                    raise AfterwordAway(f"Given up after {failed} tries: {failure}") from failure
                self._sleep(wait_s)
            else:
                if isinstance(answer, Mapping):
                    return answer
                raise EventRefused(200, {"title": "The response is not Afterword's. Check the address."})


def _encoded(event: Event) -> bytes:
    if not event.get("id"):
        raise ValueError("Give each event an id of your own, such as the order's: by it a retry counts once.")
    return json.dumps(event, ensure_ascii=False, allow_nan=False).encode()


def _batches(events: Iterable[Event], most: int) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for encoded in map(_encoded, events):
        if batch and (len(batch) == most or size + len(encoded) > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(encoded)
        size += len(encoded) + 1
    if batch:
        yield batch
