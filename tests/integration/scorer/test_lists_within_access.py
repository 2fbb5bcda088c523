"""What a reader may not see takes no place in a list that is cut, and lists read no more than they show."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from support.improvements import an_improvement_body
from support.scorer_builders import add_tenant, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.screens import made, saved, with_people

from services.scorer.dashboard import reading as dashboard_reading
from services.scorer.repository.counts import segment_parts
from services.scorer.saved_views import reading as view_reading
from services.scorer.saved_views import repository as view_repository
from services.scorer.windows import Window
from shared.db.database import Database
from shared.events import People
from shared.ids import uuid7

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NORTH: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}
ACME = a_tenant("acme", "Europe/Copenhagen", "scores:read", "cases:write")


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(database, ACME) as client:
        desk = {"touchpoint": "checkout", "desk": "jane"}
        await count(
            database,
            *(an_answer(f"n{n}", day=NOW.date(), segments=desk) for n in range(40)),
            *(an_answer(f"s{n}", day=NOW.date(), organisation=("south",)) for n in range(40)),
        )
        with_people(client)
        yield client


async def test_shared_views_behind_many_that_a_reader_may_not_see_are_listed(
    client: ScorerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_reading, "VIEWS_AT_ONCE", 3)
    for n in range(7):
        await saved(client, "/segments?segment=organisation:south", f"A south {n}", shared=True)
    names = ["b north", "B north 2", "c North", "Æ north"]
    for name in names:
        await saved(client, "/segments?segment=organisation:north", name, shared=True)
    await saved(client, "/segments?segment=organisation:north", "private")
    async with client.database.transaction() as uow:
        await uow.execute("UPDATE saved_view SET staff_id = :other", {"other": UUID(int=77)})
    await saved(client, "/", "z my own")
    body = (await client.get("/v1/views", **NORTH)).json()["views"]
    assert [view["name"] for view in body] == ["z my own", *names]
    whole = (await client.get("/v1/views", role="leader")).json()["views"]
    assert len(whole) == 12
    assert len({view["id"] for view in whole}) == 12
    monkeypatch.setattr(view_reading, "MAX_VIEWS_LISTED", 2)
    assert len((await client.get("/v1/views", **NORTH)).json()["views"]) == 2


async def test_the_screens_of_a_company_are_read_with_their_views(
    client: ScorerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        await made(client, await saved(client, "/", f"View {n}"), name=f"Screen {n}")

    async def one_by_one(*_: object, **__: object) -> None:
        raise AssertionError("a view was read by itself")

    monkeypatch.setattr(view_repository, "find_view", one_by_one)
    page = await client.get("/views", role="admin")
    assert page.status_code == 200
    for n in range(4):
        assert f"View {n}" in page.text
        assert f"Screen {n}" in page.text


async def test_open_actions_behind_late_ones_of_hidden_segments_are_listed(
    client: ScorerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard_reading, "ACTIONS_AT_ONCE", 4)
    for n in range(9):
        await open_action(client, f"Hidden {n}", "desk:jane", n)
    for n in range(7):
        await open_action(client, f"Seen {n}", "organisation:north", 20 + n)
    await add_tenant(client.database, replace(ACME, version=2, people=People(dimensions=("desk",))))
    page = (await client.get("/", role="leader")).text
    assert [n for n in range(7) if f"Seen {n}" in page] == [0, 1, 2, 3, 4]
    assert "Hidden" not in page


async def open_action(client: ScorerClient, title: str, segment: str, days: int) -> None:
    due = (NOW + timedelta(days=1 + days)).date().isoformat()
    body = an_improvement_body(title=title, segment=segment, due=due)
    opened = await client.send("PUT", f"/v1/actions/{uuid7()}", body)
    assert opened.status_code == 200, opened.text


async def test_an_order_of_segments_reads_the_days_that_it_shows_and_no_others(
    client: ScorerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[Window]()

    async def noted(*given: Any) -> Any:
        asked.extend(each for each in given if isinstance(each, Window))
        return await segment_parts(*given)

    monkeypatch.setattr(dashboard_reading, "segment_parts", noted)
    answer = await client.get("/v1/ranking?dimension=organisation&window=30d")
    assert answer.status_code == 200
    days = Window.ending(NOW.date(), 30)
    assert asked
    assert set(asked) == {days}
    assert {each["segment"]: each["n"] for each in answer.json()["ranked"]} == {
        "organisation:north": 40,
        "organisation:south": 40,
    }
