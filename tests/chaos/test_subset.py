"""The part of the harness that belongs to every test run: real processes, killed and read again, and counted."""

from collections.abc import AsyncIterator

import pytest
from chaos.arena import run
from chaos.scenarios import SCENARIOS
from chaos.stack import Stack, a_stack

pytestmark = pytest.mark.timeout(400)

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    async with a_stack() as running:
        yield running


@pytest.mark.parametrize("name", ["smtp", "workers", "database", "again"])
async def test_nothing_is_lost_and_nothing_happens_twice(stack: Stack, name: str) -> None:
    result = await run(stack, BY_NAME[name], seed="subset", events=1_000, seconds=8)

    assert result.found.faults == []
    assert result.found.accepted == result.found.decisions == 1_000
    assert result.found.invitations == 50
    assert result.found.lost == result.found.doubled == result.found.reordered == 0
    assert result.found.answers == result.found.counted > 40
    assert result.found.cases > 0
