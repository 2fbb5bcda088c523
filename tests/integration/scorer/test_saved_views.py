"""Saved views: a person's own, under a name, shared with those who may see what they show."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.screens import made, saved, with_people

from services.scorer.saved_views import screen_commands, view_commands
from shared.db.database import Database
from shared.http.csrf import CSRF_FIELD
from shared.permissions import ROLES, Role

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NORTH: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(
        database, a_tenant("acme", "Europe/Copenhagen", "scores:read"), a_tenant("other")
    ) as client:
        await count(database, an_answer("a"), an_answer("b", organisation=("south",)))
        with_people(client)
        yield client


async def listed(client: ScorerClient, **how: Any) -> list[tuple[str, bool]]:
    answer = await client.get("/v1/views", **{"role": "leader", **how})
    assert answer.status_code == 200, answer.text
    return [(view["name"], view["own"]) for view in answer.json()["views"]]


async def give_away(database: Database, view: str, person: UUID | None = None) -> None:
    """As if somebody else had saved it."""
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE saved_view SET staff_id = :person WHERE id = :id",
            {"person": person or uuid4(), "id": UUID(view)},
        )


async def test_a_view_is_saved_opened_changed_and_removed_by_programs(client: ScorerClient) -> None:
    key = await saved(client, "/segments?segment=touchpoint:checkout&window=7d&words=karen", "  Last   week ")
    path = f"/v1/views/{key}"
    (view,) = (await client.get("/v1/views", role="leader")).json()["views"]
    assert (view["name"], view["address"]) == (
        "Last week",
        "/segments?segment=touchpoint%3Acheckout&window=7d",
    )
    assert (view["own"], view["shared"]) == (True, False)
    assert (await client.get(path, role="leader")).json() == view
    assert (await client.get(view["address"], role="leader")).status_code == 200
    again = await client.send("PUT", path, {"name": "Last week", "address": view["address"]}, role="leader")
    assert again.json() == view
    changed = await client.send("PUT", path, {"name": "Now", "address": "/", "shared": True}, role="leader")
    assert (changed.json()["name"], changed.json()["address"], changed.json()["shared"]) == ("Now", "/", True)
    assert (await client.send("DELETE", path, role="leader")).status_code == 204
    assert (await client.send("DELETE", path, role="leader")).status_code == 404
    assert (await client.get(path, role="leader")).status_code == 404


async def test_a_relative_window_moves_with_the_days(client: ScorerClient, database: Database) -> None:
    key = await saved(client, "/?window=7d")
    address = (await client.get(f"/v1/views/{key}", role="leader")).json()["address"]
    first = (await client.get(address, role="leader")).text
    database.clock = lambda: datetime(2026, 12, 20, 12, tzinfo=UTC)
    later = (await client.get(address, role="leader")).text
    assert "14 November" in first
    assert "14 December" in later


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "/name"),
        ({"name": "x" * 81}, "/name"),
        ({"name": "Taken"}, "/name"),
        ({"address": "/inbox"}, "/address"),
        ({"address": "/?window=never"}, "/address"),
        ({"more": 1}, "/more"),
    ],
)
async def test_what_is_wrong_is_refused_beside_its_field(
    client: ScorerClient, given: dict[str, Any], field: str
) -> None:
    await saved(client, name="Taken")
    body = {"name": "x" * 80, "address": "/"} | given
    answer = await client.send("PUT", f"/v1/views/{uuid4()}", body, role="leader")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert await listed(client) == [("Taken", True)]


async def test_a_person_saves_so_many_views_and_no_more(
    client: ScorerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_commands, "MAX_VIEWS_PER_PERSON", 2)
    one, _ = await saved(client, name="One"), await saved(client, name="Two")
    refused = await client.send("PUT", f"/v1/views/{uuid4()}", {"name": "C", "address": "/"}, role="leader")
    assert refused.status_code == 422
    assert "You have saved 2 views already." in refused.text
    kept = await client.send("PUT", f"/v1/views/{one}", {"name": "Uno", "address": "/"}, role="leader")
    assert kept.status_code == 200


async def test_two_requests_at_once_save_one_view_under_a_name(client: ScorerClient) -> None:
    body = {"name": "Twice", "address": "/"}
    answers = await asyncio.gather(
        *(client.send("PUT", f"/v1/views/{uuid4()}", body, role="leader") for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]
    assert await listed(client) == [("Twice", True)]


async def test_others_find_what_is_shared_and_what_they_may_see(
    client: ScorerClient, database: Database
) -> None:
    for name, address in (
        ("company", "/segments?segment="),
        ("north", "/?path=organisation:north"),
        ("south", "/?path=organisation:south"),
        ("person", "/segments?segment=agent:anna"),
    ):
        await give_away(database, await saved(client, address, name, shared=True))
    secret = await saved(client, name="secret")
    await give_away(database, secret)
    assert await listed(client) == [("company", False), ("north", False), ("south", False)]
    assert await listed(client, **NORTH) == [("north", False)]
    assert await listed(client, role=None) == [("company", False), ("north", False), ("south", False)]
    assert await listed(client, tenant="other") == []
    assert (await client.get(f"/v1/views/{secret}", role="admin")).status_code == 404
    page = (await client.get("/views", **NORTH)).text
    assert "north" in page
    assert "south" not in page


async def test_whose_view_it_is_changes_it_and_an_administrator_removes_what_is_left_behind(
    client: ScorerClient, database: Database
) -> None:
    shared, own = await saved(client, name="shared", shared=True), await saved(client, name="own")
    for view in (shared, own):
        await give_away(database, view)
    body = {"name": "stolen", "address": "/"}
    for view, status in ((shared, 403), (own, 403)):
        assert (await client.send("PUT", f"/v1/views/{view}", body, role="admin")).status_code == status
    assert (await client.send("DELETE", f"/v1/views/{shared}", role="leader")).status_code == 403
    assert (await client.send("DELETE", f"/v1/views/{own}", role="admin")).status_code == 404
    limited = await client.send(
        "DELETE", f"/v1/views/{shared}", role="admin", segments=("touchpoint:checkout",)
    )
    assert limited.status_code in {403, 404}
    assert (await client.send("DELETE", f"/v1/views/{shared}", role="admin")).status_code == 204
    async with database.reading() as uow:
        left = (await uow.execute("SELECT name FROM saved_view")).scalars().all()
    assert left == ["own"]


async def test_a_key_reads_what_is_shared_and_saves_nothing(client: ScorerClient) -> None:
    key = await saved(client, name="shared", shared=True)
    assert (await client.get(f"/v1/views/{key}")).json()["own"] is False
    body = {"name": "x", "address": "/"}
    assert (await client.send("PUT", f"/v1/views/{uuid4()}", body)).status_code == 422
    assert (await client.send("DELETE", f"/v1/views/{key}")).status_code == 403
    assert (await client.get(f"/v1/views/{key}/screens")).json() == {"screens": []}
    made_by_key = await client.send("POST", f"/v1/views/{key}/screens", {"name": "x", "days": 1})
    assert made_by_key.status_code == 404
    assert (await client.get("/v1/views", key="")).status_code == 401


@pytest.mark.parametrize("role", ROLES)
async def test_everybody_saves_views_and_leaders_and_administrators_make_screens(
    client: ScorerClient, role: Role
) -> None:
    key = await saved(client, role=role)
    makes = role in {"admin", "leader"}
    answer = await client.send("POST", f"/v1/views/{key}/screens", {"name": "x", "days": 1}, role=role)
    assert answer.status_code == (201 if makes else 403)
    form = {"act": "make", "screen": str(uuid4()), "name": "x", "days": "1"}
    posted = await client.send("POST", f"/views/{key}/screens", form=form, role=role)
    assert posted.status_code == (200 if makes else 404)
    page = await client.get(f"/views/{key}", role=role)
    assert ("Make a link for a screen" in page.text) is makes


async def test_a_limited_person_saves_the_segment_that_they_saw(client: ScorerClient) -> None:
    key = await saved(client, "/?window=7d", **NORTH)
    view = (await client.get(f"/v1/views/{key}", **NORTH)).json()
    assert view["address"] == "/?path=organisation%3Anorth&window=7d"


async def test_the_dashboard_saves_itself_under_a_name_without_a_script(client: ScorerClient) -> None:
    page = (await client.get("/?window=7d&against=year", role="agent")).text
    (form,) = re.findall(r'<form method="post" action="/views">.*?</form>', page, re.DOTALL)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    sent = {**hidden, "address": hidden["address"].replace("&amp;", "&"), "name": "Year", "shared": "on"}
    assert CSRF_FIELD in sent
    for _ in range(2):  # the same again saves nothing again
        answer = await client.send("POST", "/views", form=sent, role="agent")
        assert (answer.status_code, answer.headers["location"]) == (303, "/views?did=saved")
    page = (await client.get("/views?did=saved", role="agent")).text
    assert "You have saved 1 view." in page
    assert "Saved." in page
    assert '<a href="/?window=7d&amp;against=year"><bdi>Year</bdi></a>' in page
    (view,) = (await client.get("/v1/views", role="agent")).json()["views"]
    assert view["shared"] is True


async def test_the_pages_change_and_remove_a_view_and_keep_what_was_typed(client: ScorerClient) -> None:
    key = await saved(client, "/?window=7d", "Week")
    await saved(client, name="Taken")
    wrong = {"act": "save", "name": "Taken", "address": "/?window=9d"}
    refused = await client.send("POST", f"/views/{key}", form=wrong, role="leader")
    assert refused.status_code == 422
    assert "You have saved another view under this name." in refused.text
    assert 'value="/?window=9d"' in refused.text
    on_list = await client.send(
        "POST", "/views", form={"new_id": str(uuid4()), "name": "x", "address": "/inbox"}, role="leader"
    )
    assert on_list.status_code == 422
    assert "This is not the address of a page of figures." in on_list.text
    right = {"act": "save", "name": "Nine days", "address": "/?window=9d"}
    assert (await client.send("POST", f"/views/{key}", form=right, role="leader")).status_code == 303
    assert "Nine days" in (await client.get(f"/views/{key}?did=saved", role="leader")).text
    gone = await client.send("POST", f"/views/{key}", form={"act": "remove"}, role="leader")
    assert gone.headers["location"] == "/views?did=removed"
    assert (await client.get(f"/views/{key}", role="leader")).status_code == 404
    assert (await client.send("POST", f"/views/{key}", form=right, role="leader")).status_code == 404


async def test_a_form_of_another_site_saves_nothing(client: ScorerClient, database: Database) -> None:
    headers = client._headers("/views", "acme", "leader", (), None)
    async with client._http() as http:
        form = {"new_id": str(uuid4()), "name": "x", "address": "/"}
        answer = await http.post("/views", data=form, headers=headers)
    assert answer.status_code == 403
    assert await listed(client) == []


async def test_the_address_of_a_screen_is_shown_once_and_kept_as_a_digest_only(
    client: ScorerClient, database: Database
) -> None:
    key, screen = await saved(client), str(uuid4())
    form = {"act": "make", "screen": screen, "name": "Reception", "days": "7"}
    page = (await client.send("POST", f"/views/{key}/screens", form=form, role="leader")).text
    (address,) = re.findall(r'<code id="made">([^<]+)</code>', page)
    token = address.rpartition("/")[2]
    again = await client.send("POST", f"/views/{key}/screens", form=form, role="leader")
    assert again.status_code == 409
    assert token not in again.text
    shown = (await client.get(f"/views/{key}", role="leader")).text
    assert "Reception" in shown
    assert "Until 27 November, not opened yet" in shown
    assert token not in shown
    async with database.reading() as uow:
        rows = repr((await uow.execute("SELECT * FROM screen")).all())
        outbox = repr((await uow.execute("SELECT * FROM outbox")).all())
    assert token.partition(".")[0] not in rows + outbox
    assert len(token.partition(".")[0]) == 43  # 256 bits
    for days in ("0", "366", "x", ""):
        wrong = {**form, "screen": str(uuid4()), "days": days}
        refused = await client.send("POST", f"/views/{key}/screens", form=wrong, role="leader")
        assert refused.status_code == 422
        assert "Choose from 1 to 365 days." in refused.text


async def test_a_screen_shows_a_view_of_scores_that_its_maker_saved(
    client: ScorerClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    themes, shared = await saved(client, "/themes", "t"), await saved(client, name="s", shared=True)
    body = {"name": "x", "days": 1}
    refused = await client.send("POST", f"/v1/views/{themes}/screens", body, role="leader")
    assert refused.status_code == 422
    assert "A screen shows the scores" in refused.text
    await give_away(database, shared)
    assert (await client.send("POST", f"/v1/views/{shared}/screens", body, role="admin")).status_code == 403
    company = await saved(client, "/segments?segment=", "c")
    limited = await client.send("POST", f"/v1/views/{company}/screens", body, **NORTH)
    assert limited.status_code == 422
    monkeypatch.setattr(screen_commands, "MAX_SCREENS_PER_COMPANY", 1)
    await made(client, company)
    full = await client.send("POST", f"/v1/views/{company}/screens", body, role="leader")
    assert full.status_code == 422
    assert "The company has 1 screens already." in full.text


async def test_an_administrator_of_the_company_sees_all_screens_and_takes_any_back(
    client: ScorerClient, database: Database
) -> None:
    key = await saved(client, name="Left behind")
    screen = await made(client, key)
    await give_away(database, key)
    async with database.transaction() as uow:
        await uow.execute("UPDATE screen SET staff_id = (SELECT staff_id FROM saved_view)")
    assert "Left behind" in (await client.get("/views", role="admin")).text
    assert "Left behind" not in (await client.get("/views", role="leader")).text
    segments = ("touchpoint:checkout",)
    assert "Left behind" not in (await client.get("/views", role="admin", segments=segments)).text
    form = {"act": "revoke", "from": "list", "screen": screen["id"]}
    for how in ({"role": "leader"}, {"role": "admin", "segments": segments}):
        answer = await client.send("POST", f"/views/{key}/screens", form=form, **how)
        assert answer.status_code == 404
    answer = await client.send("POST", f"/views/{key}/screens", form=form, role="admin")
    assert answer.headers["location"] == "/views?did=revoked"
    assert (await client.get(screen["path"], key="")).status_code == 404
