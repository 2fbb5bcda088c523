import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any

import pytest
import structlog
from support.eventually import eventually

from shared.http.live import MAX_CHANGES, MAX_PENDING_EVENTS, LiveChange, LiveFeed
from shared.runtime import pause


def change(
    version: int = 1, thing: str = "case-1", tenant: str = "acme", segments: Sequence[str] = ("store:a",)
) -> LiveChange:
    return LiveChange(tenant, thing, version, segments)


class Source:
    """Reads the changes of an invented database."""

    def __init__(self, *changes: LiveChange) -> None:
        self.changes, self.reads, self.broken = list(changes), 0, False
        self.tenants: set[str] = set()

    async def __call__(self, tenants: Collection[str]) -> list[LiveChange]:
        self.reads += 1
        self.tenants.update(tenants)
        if self.broken:
            raise ConnectionError
        return list(self.changes)

    def was_read(self, since: int) -> bool:
        return self.reads > since


class Notifications:
    """A change listener whose notifications the test sends."""

    def __init__(self) -> None:
        self.wakes: set[asyncio.Event] = set()

    @contextlib.contextmanager
    def waking(self, wake: asyncio.Event) -> Iterator[None]:
        self.wakes.add(wake)
        yield
        self.wakes.discard(wake)

    def notify(self) -> None:
        for wake in self.wakes:
            wake.set()


class Browser:
    """Reads a stream in the background and keeps its events."""

    def __init__(
        self, feed: LiveFeed, tenant: str = "acme", segments: Sequence[str] = (), seconds: float | None = None
    ) -> None:
        self.events: list[str] = []
        self.ended = False
        self.task = asyncio.create_task(self._listen(feed.listen(tenant, segments, seconds)))

    async def _listen(self, stream: AsyncGenerator[bytes]) -> None:
        async with contextlib.aclosing(stream):
            async for event in stream:
                self.events.append(event.decode())
        self.ended = True

    def versions(self) -> list[int]:
        return [int(version) for _, version in self._ids()]

    def ids(self) -> list[str]:
        return [thing for thing, _ in self._ids()]

    def _ids(self) -> list[list[str]]:
        return [
            line[4:].rsplit(":", 1)
            for event in self.events
            if "event: change" in event
            for line in event.splitlines()
            if line.startswith("id: ")
        ]

    def close(self) -> None:
        self.task.cancel()


def loop_ended(feed: LiveFeed) -> bool:
    return feed._loop is not None and feed._loop.done()


OpenBrowser = Callable[..., Browser]


@pytest.fixture
def stopping() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def browsers() -> AsyncIterator[OpenBrowser]:
    opened: list[Browser] = []

    def open_browser(feed: LiveFeed, **options: Any) -> Browser:
        opened.append(Browser(feed, **options))
        return opened[-1]

    yield open_browser
    for browser in opened:
        browser.close()
    await asyncio.gather(*(browser.task for browser in opened), return_exceptions=True)


async def test_a_browser_gets_each_version_once_though_the_read_brings_it_again(
    stopping: asyncio.Event, browsers: OpenBrowser
) -> None:
    source = Source(change(1))
    browser = browsers(LiveFeed(source, stopping, min_interval_s=0.005))
    await eventually(lambda: browser.versions() == [1])
    reads = source.reads
    await eventually(lambda: source.reads > reads + 3)
    source.changes = [change(1), change(2)]
    await eventually(lambda: browser.versions() == [1, 2])


async def test_a_commit_that_arrives_late_is_not_missed(
    stopping: asyncio.Event, browsers: OpenBrowser
) -> None:
    source = Source(change(5, "b"))
    browser = browsers(LiveFeed(source, stopping, min_interval_s=0.005))
    await eventually(lambda: browser.versions() == [5])
    source.changes = [change(1, "a"), change(5, "b")]
    await eventually(lambda: browser.versions() == [5, 1])


async def test_a_browser_gets_the_changes_of_its_own_tenant_that_its_user_may_see(
    stopping: asyncio.Event, browsers: OpenBrowser
) -> None:
    source = Source(
        change(1, "a", segments=["store:a", "agent:ida"]),
        change(2, "b", segments=["store:b"]),
        change(3, "c", "globex"),
    )
    browser = browsers(LiveFeed(source, stopping, min_interval_s=0.005), segments=("store:a",))
    await eventually(lambda: source.reads > 3)
    assert browser.versions() == [1]
    assert source.tenants == {"acme"}
    assert "store" not in "".join(browser.events)
    assert "ida" not in "".join(browser.events)


async def test_nothing_is_read_while_no_stream_is_open(
    stopping: asyncio.Event, browsers: OpenBrowser
) -> None:
    source = Source(change())
    feed = LiveFeed(source, stopping, min_interval_s=0.005)
    await asyncio.sleep(0)
    assert source.reads == 0
    one, two = browsers(feed), browsers(feed)
    await eventually(lambda: one.versions() == [1] == two.versions())
    one.close()
    two.close()
    await eventually(lambda: loop_ended(feed))
    three = browsers(feed)
    await eventually(lambda: three.versions() == [1])


async def test_one_loop_serves_all_browsers(stopping: asyncio.Event, browsers: OpenBrowser) -> None:
    source = Source(change())
    feed = LiveFeed(source, stopping, min_interval_s=0.005)
    one = browsers(feed)
    await eventually(lambda: one.versions() == [1])
    loop = feed._loop
    two = browsers(feed)
    await eventually(lambda: two.versions() == [1])
    assert feed._loop is loop


async def test_a_failing_read_is_reported_once_and_retried(
    stopping: asyncio.Event, browsers: OpenBrowser
) -> None:
    source = Source(change())
    source.broken = True
    with structlog.testing.capture_logs() as logged:
        browser = browsers(LiveFeed(source, stopping, min_interval_s=0.005))
        await eventually(lambda: source.reads >= 3)
        assert sum("event: offline" in event for event in browser.events) == 1
        source.broken = False
        await eventually(lambda: browser.versions() == [1])
    assert any("event: online" in event for event in browser.events)
    assert {(line["event"], line["error"]) for line in logged} == {("live_read_failed", "ConnectionError")}


async def test_a_stream_that_opens_during_an_outage_begins_offline(
    stopping: asyncio.Event, browsers: OpenBrowser
) -> None:
    source = Source()
    source.broken = True
    feed = LiveFeed(source, stopping, min_interval_s=0.005)
    one = browsers(feed)
    await eventually(lambda: any("event: offline" in event for event in one.events))
    two = browsers(feed)
    await eventually(lambda: any("event: offline" in event for event in two.events))


async def test_the_loops_log_lines_carry_no_request_id(
    stopping: asyncio.Event, browsers: OpenBrowser
) -> None:
    source = Source()
    source.broken = True
    with (
        structlog.contextvars.bound_contextvars(request_id="r-1"),
        structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged,
    ):
        browsers(LiveFeed(source, stopping, min_interval_s=0.005))
        await eventually(lambda: logged)
    assert "request_id" not in logged[0]


async def test_a_stream_without_changes_has_a_heartbeat(
    stopping: asyncio.Event, browsers: OpenBrowser
) -> None:
    browser = browsers(LiveFeed(Source(), stopping, min_interval_s=0.005, heartbeat_s=0.01))
    await eventually(lambda: sum(event.startswith(": ping") for event in browser.events) >= 2)


async def test_streams_end_when_the_process_stops(stopping: asyncio.Event, browsers: OpenBrowser) -> None:
    feed = LiveFeed(Source(), stopping, min_interval_s=60)
    browser = browsers(feed)
    await eventually(lambda: browser.events)
    stopping.set()
    await eventually(lambda: browser.ended and loop_ended(feed))


async def test_a_stream_ends_with_the_pass_that_opened_it(
    stopping: asyncio.Event, browsers: OpenBrowser
) -> None:
    browser = browsers(LiveFeed(Source(), stopping, min_interval_s=0.005), seconds=0.02)
    await eventually(lambda: browser.ended)


async def test_a_browser_that_is_too_slow_gets_one_event_for_all_that_it_missed(
    stopping: asyncio.Event,
) -> None:
    source = Source()
    feed = LiveFeed(source, stopping, min_interval_s=0.005)
    stream = feed.listen("acme")
    await anext(stream)
    for version in range(1, MAX_PENDING_EVENTS + 3):  # one event waits for each version
        source.changes = [change(version)]
        await eventually(partial(source.was_read, since=source.reads + 1))
    events = [(await anext(stream)).decode() for _ in range(3)]
    assert ['data: {"id":null}' in event for event in events] == [True, False, False]
    await stream.aclose()
    await eventually(lambda: loop_ended(feed))


async def test_when_more_changed_than_a_read_returns_all_browsers_get_one_event_for_everything(
    stopping: asyncio.Event, browsers: OpenBrowser
) -> None:
    source = Source(*(change(1, f"a-{n}", segments=["store:b"]) for n in range(MAX_CHANGES)))
    feed = LiveFeed(source, stopping, min_interval_s=0.005)
    one, limited = browsers(feed), browsers(feed, segments=("store:a",))
    await eventually(lambda: one.ids() == [""] == limited.ids())
    reads = source.reads
    await eventually(lambda: source.reads > reads + 3)
    assert one.ids() == [""] == limited.ids()
    source.changes = [change(2, f"a-{n}") for n in range(MAX_CHANGES)]
    await eventually(lambda: one.ids() == ["", ""] == limited.ids())
    assert not one.ended


async def test_the_loop_pauses_longer_than_it_reads(
    stopping: asyncio.Event, browsers: OpenBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Source):
        async def __call__(self, tenants: Collection[str]) -> list[LiveChange]:
            await asyncio.sleep(0.02)
            return await super().__call__(tenants)

    pauses: list[float] = []

    async def recorded_pause(stopping: asyncio.Event, seconds: float) -> None:
        pauses.append(seconds)
        await pause(stopping, seconds)

    monkeypatch.setattr("shared.http.live.pause", recorded_pause)
    browsers(LiveFeed(Slow(), stopping, min_interval_s=0.001))
    await eventually(lambda: len(pauses) > 1)
    assert min(pauses) >= 9 * 0.02


async def test_with_notifications_a_read_follows_a_change_or_a_new_stream_only(
    stopping: asyncio.Event, browsers: OpenBrowser
) -> None:
    source, notifications = Source(), Notifications()
    feed = LiveFeed(source, stopping, notifications, min_interval_s=0.001)
    one = browsers(feed)
    await eventually(lambda: source.reads == 1)
    await asyncio.sleep(0.05)  # fifty times the interval of a loop that polls
    assert source.reads == 1
    source.changes = [change(1)]
    notifications.notify()
    await eventually(lambda: one.versions() == [1])
    two = browsers(feed)
    await eventually(lambda: two.versions() == [1])
    assert source.reads == 3
    one.close()
    two.close()
    await eventually(lambda: loop_ended(feed))


async def test_an_outage_is_retried_without_a_notification(
    stopping: asyncio.Event, browsers: OpenBrowser
) -> None:
    source = Source(change(1))
    source.broken = True
    browser = browsers(LiveFeed(source, stopping, Notifications(), min_interval_s=0.001))
    await eventually(lambda: source.reads > 2)
    source.broken = False
    await eventually(lambda: browser.versions() == [1])


async def test_a_loop_that_waits_for_a_notification_ends_when_the_process_stops(
    stopping: asyncio.Event, browsers: OpenBrowser
) -> None:
    feed = LiveFeed(Source(), stopping, Notifications(), min_interval_s=0.001)
    browser = browsers(feed)
    await eventually(lambda: browser.events)
    stopping.set()
    await eventually(lambda: browser.ended and loop_ended(feed))
