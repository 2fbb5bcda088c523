"""Running requests: one caller's load leaves places for other callers, tenants, and the customers' pages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from shared.api_keys import ApiKey
from shared.http.admission import MAX_DIRECT_PER_CALLER, Admission, Requester
from shared.http.auth import Caller
from shared.http.problems import Problem
from shared.http.staff_auth import Staff


def requester(tenant: str = "acme", key: str = "k") -> Requester:
    found = Requester.of(ApiKey(tenant=tenant, id=key, name=key, scopes=frozenset()))
    assert found is not None
    return found


@asynccontextmanager
async def held(admission: Admission, *callers: Requester) -> AsyncIterator[None]:
    """These callers' requests run, or wait."""
    ends = asyncio.Event()

    async def work(caller: Requester) -> None:
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


async def passes(admission: Admission, caller: Requester) -> int:
    try:
        async with admission.turn(caller):
            return 200
    except Problem as problem:
        return problem.status if (problem.headers or {}).get("Retry-After") == "1" else -1


def test_a_requester_is_a_key_or_a_session_of_a_tenant() -> None:
    key = ApiKey(tenant="acme", id="k", name="shop", scopes=frozenset())
    staff = Staff("acme", uuid4(), "Mie", "agent", (), "session", datetime.now(UTC))
    assert Requester.of(key) == Requester.of(Caller("acme", None, key)) == requester()
    assert Requester.of(staff) == Requester.of(Caller("acme", staff, None))
    assert Requester.of(staff) != Requester.of(key)
    assert Requester.of(None) is None


async def test_the_load_of_one_key_leaves_places_for_others() -> None:
    admission = Admission(max_wait_s=0.01)
    async with held(admission, *[requester(key="busy")] * 20):
        assert await passes(admission, requester(key="busy")) == 429
        assert await passes(admission, requester(key="other")) == 200
        assert await passes(admission, requester("other")) == 200


async def test_the_load_of_all_keys_of_a_tenant_leaves_places_for_other_tenants() -> None:
    admission = Admission(max_wait_s=0.01)
    async with held(admission, *(requester(key=f"busy {n}") for n in range(12))):
        assert await passes(admission, requester(key="new")) == 429
        assert await passes(admission, requester("other")) == 200


async def test_a_caller_with_too_many_pending_requests_is_refused_at_once() -> None:
    admission = Admission(max_pending_per_caller=5, max_wait_s=60)
    async with held(admission, *[requester()] * 5):
        assert await passes(admission, requester()) == 429


async def test_when_all_places_are_taken_a_new_request_waits_a_moment_and_gets_503() -> None:
    admission = Admission(max_wait_s=0.01)
    async with held(admission, *(requester(f"tenant {n}", f"key {n}") for n in range(5))):
        assert await passes(admission, requester("new")) == 503
    assert await passes(admission, requester("new")) == 200


async def test_requests_without_a_database_are_limited_for_each_caller_separately() -> None:
    admission = Admission()
    stack = [admission.direct(requester()) for _ in range(MAX_DIRECT_PER_CALLER)]
    for each in stack:
        each.__enter__()
    with pytest.raises(Problem), admission.direct(requester()):
        pass
    with admission.direct(requester("other")):
        pass
    for each in stack:
        each.__exit__(None, None, None)
    with admission.direct(requester()):
        pass
    assert not admission._direct
