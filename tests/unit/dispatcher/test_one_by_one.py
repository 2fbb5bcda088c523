"""Of the things of a loop, one that fails keeps no other one waiting."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from support.dispatcher_builders import Clock

from services.dispatcher.one_by_one import RETRY_DELAY, OneByOne

THINGS = [cast("Any", SimpleNamespace(tenant=f"company-{n}", id=UUID(int=n))) for n in range(4)]


class Work:
    """Advances things, some of which fail; each has more to do."""

    def __init__(self, **failing: Exception) -> None:
        self.failing = failing
        self.done: list[str] = []

    async def __call__(self, thing: Any) -> bool:
        if (error := self.failing.get(thing.tenant.replace("-", "_"))) is not None:
            raise error
        self.done.append(thing.tenant)
        return True


def failures() -> float:
    return REGISTRY.get_sample_value("afterword_loop_failures_total", {"loop": "of the test"}) or 0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def one_by_one(clock: Clock) -> OneByOne:
    return OneByOne("of the test", cast("Any", SimpleNamespace(clock=clock)))


async def test_the_others_are_advanced_and_it_is_tried_again_after_a_minute(
    one_by_one: OneByOne, clock: Clock
) -> None:
    before, work = failures(), Work(company_1=ValueError("a fault"))
    for _ in range(2):
        assert await one_by_one.advance(THINGS, work)
    assert work.done == ["company-0", "company-2", "company-3"] * 2
    assert failures() == before + 1
    clock.now += RETRY_DELAY
    healed = Work()
    assert await one_by_one.advance(THINGS, healed)
    assert healed.done == ["company-0", "company-1", "company-2", "company-3"]


async def test_what_fails_has_nothing_more_to_do_at_once(one_by_one: OneByOne) -> None:
    assert not await one_by_one.advance(THINGS[:1], Work(company_0=ValueError("a fault")))


async def test_one_error_of_the_servers_is_raised_when_the_others_had_their_turn(
    one_by_one: OneByOne,
) -> None:
    work = Work(company_0=TimeoutError())
    with pytest.raises(TimeoutError):
        await one_by_one.advance(THINGS, work)
    assert work.done == ["company-1", "company-2", "company-3"]


async def test_servers_that_are_away_are_not_asked_for_each_and_nothing_has_to_wait_for_that(
    one_by_one: OneByOne, clock: Clock
) -> None:
    work = Work(company_0=ConnectionError(), company_1=ConnectionError())
    with pytest.raises(ConnectionError):
        await one_by_one.advance(THINGS, work)
    assert work.done == []
    clock.now += timedelta(seconds=1)
    healed = Work()
    await one_by_one.advance(THINGS, healed)
    assert len(healed.done) == len(THINGS)
