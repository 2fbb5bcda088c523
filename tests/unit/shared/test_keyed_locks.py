"""Locks by name: a limit for each name, and no memory for a name that is not in use."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from shared.keyed_locks import KeyedSemaphores


@given(st.lists(st.sampled_from("abc"), max_size=40), st.integers(1, 3))
async def test_each_name_has_its_limit_and_all_get_their_turn(names: list[str], most: int) -> None:
    locks, running, done = KeyedSemaphores(most), dict.fromkeys("abc", 0), 0

    async def work(name: str) -> None:
        nonlocal done
        async with locks.acquire(name):
            running[name] += 1
            assert running[name] <= most
            await asyncio.sleep(0)
            running[name] -= 1
            done += 1

    await asyncio.gather(*(work(name) for name in names))
    assert done == len(names)
    assert [locks.users(name) for name in "abc"] == [0, 0, 0]
    assert locks._named == {}


async def test_a_cancelled_wait_leaves_nothing_behind() -> None:
    locks = KeyedSemaphores()
    async with locks.acquire("a"):
        waiting = asyncio.create_task(_hold(locks))
        await asyncio.sleep(0)
        assert locks.users("a") == 2
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert locks.users("a") == 1
    assert locks._named == {}


async def _hold(locks: KeyedSemaphores) -> None:
    async with locks.acquire("a"):
        pass
