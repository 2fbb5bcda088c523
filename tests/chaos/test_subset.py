"""The part of the harness that belongs to every test run: real processes, killed and read again, and counted."""

from collections.abc import AsyncIterator

import pytest
from chaos.arena import run
from chaos.scenarios import BY_NAME
from chaos.stack import Stack, running_stack

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    async with running_stack() as running:
        yield running


@pytest.mark.parametrize("name", ["workers", "again"])
async def test_nothing_is_lost_and_nothing_happens_twice(stack: Stack, name: str) -> None:
    result = await run(stack, BY_NAME[name], seed="subset", events=600, seconds=6)

    assert result.findings.faults == []
    assert result.findings.accepted == result.findings.decisions == 600
    assert result.findings.invitations == 30
    assert result.findings.lost == result.findings.doubled == result.findings.reordered == 0
    assert result.findings.answers == result.findings.counted > 10
    assert result.findings.cases > 0
