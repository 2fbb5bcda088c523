"""Work under way: one caller's load leaves room for other callers, companies, and the customers' pages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from shared.api_keys import ApiKey
from shared.http.admission import DIRECT_OF_CALLER, Admission, Who
from shared.http.auth import Caller
from shared.http.problems import Problem
from shared.http.staff_auth import Staff


def who(company: str = "acme", key: str = "k") -> Who:
    found = Who.of(ApiKey(tenant=company, id=key, name=key, scopes=frozenset()))
    assert found is not None
    return found


@asynccontextmanager
async def held(admission: Admission, *callers: Who) -> AsyncIterator[None]:
    """These have work under way, or wait to."""
    ends = asyncio.Event()

    async def work(caller: Who) -> None:
        async with admission.turn(caller):
            await ends.wait()

    tasks = [asyncio.create_task(work(caller)) for caller in callers]
    for _ in range(20):
        await asyncio.sleep(0)
    try:
        yield
    finally:
        ends.set()
        await asyncio.gather(*tasks, return_exceptions=True)


async def passes(admission: Admission, caller: Who) -> int:
    try:
        async with admission.turn(caller):
            return 200
    except Problem as problem:
        return problem.status if (problem.headers or {}).get("Retry-After") == "1" else -1


def test_a_caller_is_a_key_or_a_session_of_a_company() -> None:
    key = ApiKey(tenant="acme", id="k", name="shop", scopes=frozenset())
    staff = Staff("acme", uuid4(), "Mie", "agent", (), "session", datetime.now(UTC))
    assert Who.of(key) == Who.of(Caller("acme", None, key)) == who()
    assert Who.of(staff) == Who.of(Caller("acme", staff, None))
    assert Who.of(staff) != Who.of(key)
    assert Who.of(None) is None


async def test_the_load_of_one_key_leaves_room_for_others() -> None:
    admission = Admission(patience=0.01)
    async with held(admission, *[who(key="busy")] * 20):
        assert await passes(admission, who(key="busy")) == 429
        assert await passes(admission, who(key="other")) == 200
        assert await passes(admission, who("other")) == 200


async def test_the_load_of_all_keys_of_a_company_leaves_room_for_other_companies() -> None:
    admission = Admission(patience=0.01)
    async with held(admission, *(who(key=f"busy {n}") for n in range(12))):
        assert await passes(admission, who(key="new")) == 429
        assert await passes(admission, who("other")) == 200


async def test_beyond_what_may_wait_a_caller_is_refused_at_once() -> None:
    admission = Admission(waiting_of_caller=5, patience=60)
    async with held(admission, *[who()] * 5):
        assert await passes(admission, who()) == 429


async def test_when_everybody_is_busy_who_comes_waits_a_moment_and_hears_503() -> None:
    admission = Admission(patience=0.01)
    async with held(admission, *(who(f"company {n}", f"key {n}") for n in range(5))):
        assert await passes(admission, who("new")) == 503
    assert await passes(admission, who("new")) == 200


async def test_what_needs_no_database_is_bounded_for_each_caller_alone() -> None:
    admission = Admission()
    stack = [admission.direct(who()) for _ in range(DIRECT_OF_CALLER)]
    for each in stack:
        each.__enter__()
    with pytest.raises(Problem), admission.direct(who()):
        pass
    with admission.direct(who("other")):
        pass
    for each in stack:
        each.__exit__(None, None, None)
    with admission.direct(who()):
        pass
    assert not admission._direct
