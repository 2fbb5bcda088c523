"""Names whose servers do not answer take no place from others, and a caller who gives up is free at once."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from support.eventually import eventually

from shared.outbound import lookups
from shared.outbound.lookups import MAX_SLOW_LOOKUPS, SLOW_AFTER_S, SLOW_FOR_S, HostLookups

PUBLIC = ["93.184.215.14"]


class Resolver:
    """Answers at once, but for names that begin with "dead": those wait until the test is over."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[str] = []
        self.over = threading.Event()
        self.lookups = HostLookups(self.resolve, lambda: self.now)

    def resolve(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        if host.startswith("dead"):
            self.over.wait()
            raise OSError(host)
        if host == "unknown":
            raise OSError(host)
        return PUBLIC

    async def given_up(self, *hosts: str) -> None:
        """Look these up, and give up after as long as nobody waits for a name."""
        number = len(self.asked)
        tasks = [asyncio.create_task(self.lookups.find(host, 443)) for host in hosts]
        await eventually(lambda: len(self.asked) > number)
        await asyncio.sleep(0)
        self.now += 5
        for task in tasks:
            task.cancel()
        assert all(
            isinstance(one, BaseException) for one in await asyncio.gather(*tasks, return_exceptions=True)
        )


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    resolver = Resolver()
    yield resolver
    resolver.over.set()


async def test_a_hundred_dead_names_delay_no_other(resolver: Resolver) -> None:
    dead = [f"dead-{n}" for n in range(100)]
    waiting = [asyncio.create_task(resolver.lookups.find(host, 443)) for host in dead]
    await eventually(lambda: len(resolver.asked) == len(dead))
    assert await asyncio.wait_for(resolver.lookups.find("alive", 443), 2) == PUBLIC
    resolver.over.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, OSError) for one in found)


async def test_what_was_slow_gets_few_places_until_it_is_fast_again_or_long_ago(resolver: Resolver) -> None:
    dead = [f"dead-{n}" for n in range(3 * MAX_SLOW_LOOKUPS)]
    await resolver.given_up(*dead)
    resolver.asked.clear()
    again = [asyncio.create_task(resolver.lookups.find(host, 443)) for host in dead]
    await eventually(lambda: len(resolver.asked) == MAX_SLOW_LOOKUPS)
    assert await resolver.lookups.find("alive", 443) == PUBLIC
    assert len(resolver.asked) == MAX_SLOW_LOOKUPS + 1, "the others wait for a place"
    resolver.now += SLOW_FOR_S
    late = asyncio.create_task(resolver.lookups.find(dead[-1], 443))
    await eventually(lambda: len(resolver.asked) == MAX_SLOW_LOOKUPS + 2)
    for task in (*again, late):
        task.cancel()
    await asyncio.gather(*again, late, return_exceptions=True)


async def test_names_that_are_unknown_or_none_are_errors_of_the_network(resolver: Resolver) -> None:
    with pytest.raises(OSError, match="unknown"):
        await resolver.lookups.find("unknown", 443)
    for wrong in ("a" * 64 + ".example", "a..b"):
        with pytest.raises(OSError, match="no name"):
            await HostLookups().find(wrong, 443)


async def test_the_list_of_slow_names_is_bounded(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "MAX_SLOW_NAMES", 10)
    for n in range(20):
        resolver.lookups._note(f"name-{n}", SLOW_AFTER_S)
    assert list(resolver.lookups._slow) == [f"name-{n}" for n in range(10, 20)]
    resolver.lookups._note("name-15", 0.01)
    assert "name-15" not in resolver.lookups._slow
