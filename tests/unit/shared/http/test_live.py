import asyncio
import contextlib

import pytest
import structlog
from support.eventually import eventually

from shared.http.live import MAX_CHANGES, MAX_PENDING, LiveChange, LiveFeed


def change(version=1, thing="case-1", tenant="acme", segments=("store:a",)):
    return LiveChange(tenant, thing, version, segments)


class Source:
    """What the database would say."""

    def __init__(self, *changes):
        self.changes, self.reads, self.broken, self.asked = list(changes), 0, False, set()

    async def __call__(self, tenants):
        self.reads += 1
        self.asked |= tenants
        if self.broken:
            raise ConnectionError
        return list(self.changes)


class Browser:
    """Listens in the background and keeps what it heard."""

    def __init__(self, feed, tenant="acme", segments=(), seconds=None):
        self.heard, self.ended = [], False
        self.task = asyncio.create_task(self._listen(feed.listen(tenant, segments, seconds)))

    async def _listen(self, events):
        async with contextlib.aclosing(events):
            async for event in events:
                self.heard.append(event.decode())
        self.ended = True

    def versions(self):
        return [int(version) for _, version in self._ids()]

    def ids(self):
        return [thing for thing, _ in self._ids()]

    def _ids(self):
        return [
            line[4:].rsplit(":", 1)
            for event in self.heard
            if "event: change" in event
            for line in event.splitlines()
            if line.startswith("id: ")
        ]

    def close(self):
        self.task.cancel()


@pytest.fixture
def stopping():
    return asyncio.Event()


@pytest.fixture
async def browsers():
    opened = []
    yield lambda *a, **k: opened.append(Browser(*a, **k)) or opened[-1]
    for browser in opened:
        browser.close()
    await asyncio.gather(*(browser.task for browser in opened), return_exceptions=True)


async def test_a_browser_gets_each_version_once_though_the_read_brings_it_again(stopping, browsers):
    source = Source(change(1))
    browser = browsers(LiveFeed(source, stopping, every=0.005))
    await eventually(lambda: browser.versions() == [1])
    reads = source.reads
    await eventually(lambda: source.reads > reads + 3)
    source.changes = [change(1), change(2)]
    await eventually(lambda: browser.versions() == [1, 2])


async def test_a_commit_that_arrives_late_is_not_missed(stopping, browsers):
    source = Source(change(5, "b"))
    browser = browsers(LiveFeed(source, stopping, every=0.005))
    await eventually(lambda: browser.versions() == [5])
    source.changes = [change(1, "a"), change(5, "b")]
    await eventually(lambda: browser.versions() == [5, 1])


async def test_a_browser_hears_its_own_tenant_and_what_it_may_see_only(stopping, browsers):
    source = Source(
        change(1, "a", segments=["store:a", "agent:ida"]),
        change(2, "b", segments=["store:b"]),
        change(3, "c", "globex"),
    )
    browser = browsers(LiveFeed(source, stopping, every=0.005), segments=("store:a",))
    await eventually(lambda: source.reads > 3)
    assert browser.versions() == [1]
    assert source.asked == {"acme"}
    assert "store" not in "".join(browser.heard)
    assert "ida" not in "".join(browser.heard)


async def test_nobody_is_asked_while_nobody_listens(stopping, browsers):
    source = Source(change())
    feed = LiveFeed(source, stopping, every=0.005)
    await asyncio.sleep(0)
    assert source.reads == 0
    one, two = browsers(feed), browsers(feed)
    await eventually(lambda: one.versions() == [1] == two.versions())
    one.close()
    two.close()
    await eventually(feed._loop.done)
    three = browsers(feed)
    await eventually(lambda: three.versions() == [1])


async def test_one_loop_serves_all_browsers(stopping, browsers):
    source = Source(change())
    feed = LiveFeed(source, stopping, every=0.005)
    one = browsers(feed)
    await eventually(lambda: one.versions() == [1])
    loop = feed._loop
    two = browsers(feed)
    await eventually(lambda: two.versions() == [1])
    assert feed._loop is loop


async def test_a_failing_read_is_told_once_and_tried_again(stopping, browsers):
    source = Source(change())
    source.broken = True
    with structlog.testing.capture_logs() as logged:
        browser = browsers(LiveFeed(source, stopping, every=0.005))
        await eventually(lambda: source.reads >= 3)
        assert sum("event: offline" in event for event in browser.heard) == 1
        source.broken = False
        await eventually(lambda: browser.versions() == [1])
    assert any("event: online" in event for event in browser.heard)
    assert {(line["event"], line["error"]) for line in logged} == {("live_read_failed", "ConnectionError")}


async def test_a_browser_that_comes_while_the_database_is_away_hears_so(stopping, browsers):
    source = Source()
    source.broken = True
    feed = LiveFeed(source, stopping, every=0.005)
    one = browsers(feed)
    await eventually(lambda: any("event: offline" in event for event in one.heard))
    two = browsers(feed)
    await eventually(lambda: any("event: offline" in event for event in two.heard))


async def test_the_loops_log_lines_carry_no_request_id(stopping, browsers):
    source = Source()
    source.broken = True
    with (
        structlog.contextvars.bound_contextvars(request_id="r-1"),
        structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged,
    ):
        browsers(LiveFeed(source, stopping, every=0.005))
        await eventually(lambda: logged)
    assert "request_id" not in logged[0]


async def test_a_quiet_stream_beats(stopping, browsers):
    browser = browsers(LiveFeed(Source(), stopping, every=0.005, heartbeat=0.01))
    await eventually(lambda: sum(event.startswith(": ping") for event in browser.heard) >= 2)


async def test_streams_end_when_the_process_stops(stopping, browsers):
    feed = LiveFeed(Source(), stopping, every=60)
    browser = browsers(feed)
    await eventually(lambda: browser.heard)
    stopping.set()
    await eventually(lambda: browser.ended and feed._loop.done())


async def test_a_stream_ends_with_the_pass_that_opened_it(stopping, browsers):
    browser = browsers(LiveFeed(Source(), stopping, every=0.005), seconds=0.02)
    await eventually(lambda: browser.ended)


async def test_a_browser_that_is_too_slow_is_told_once_that_anything_may_have_changed(stopping):
    source = Source()
    feed = LiveFeed(source, stopping, every=0.005)
    events = feed.listen("acme")
    await anext(events)
    for look in range(1, MAX_PENDING + 3):  # one message waits for each look
        source.changes, reads = [change(look)], source.reads
        await eventually(lambda reads=reads: source.reads > reads + 1)
    heard = [(await anext(events)).decode() for _ in range(3)]
    assert ['data: {"id":null}' in event for event in heard] == [True, False, False]
    await events.aclose()
    await eventually(feed._loop.done)


async def test_when_more_changed_than_a_look_reads_everybody_hears_just_that(stopping, browsers):
    source = Source(*(change(1, f"a-{n}", segments=["store:b"]) for n in range(MAX_CHANGES)))
    feed = LiveFeed(source, stopping, every=0.005)
    one, limited = browsers(feed), browsers(feed, segments=("store:a",))
    await eventually(lambda: one.ids() == [""] == limited.ids())
    reads = source.reads
    await eventually(lambda: source.reads > reads + 3)
    assert one.ids() == [""] == limited.ids()
    source.changes = [change(2, f"a-{n}") for n in range(MAX_CHANGES)]
    await eventually(lambda: one.ids() == ["", ""] == limited.ids())
    assert not one.ended


async def test_the_loop_rests_longer_than_it_reads(stopping, browsers, monkeypatch):
    class Slow(Source):
        async def __call__(self, tenants):
            await asyncio.sleep(0.02)
            return await super().__call__(tenants)

    rests = []
    feed, rest = LiveFeed(Slow(), stopping, every=0.001), LiveFeed._rest
    monkeypatch.setattr(LiveFeed, "_rest", lambda self, seconds: rests.append(seconds) or rest(self, seconds))
    browsers(feed)
    await eventually(lambda: len(rests) > 1)
    assert min(rests) >= 9 * 0.02
