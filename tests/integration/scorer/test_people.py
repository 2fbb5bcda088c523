"""How single employees stand is shown to nobody, until it is allowed; then to them and their leaders only."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace
from support.improvements import a_closed_case, keep
from support.scorer_builders import add_tenant, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.screens import made, saved, with_people

from shared.db.database import Database
from shared.events import People
from shared.http.routes import CheckedRoute

IDA, BO = "organisation:service/chat/ida", "organisation:service/chat/bo"
PERSONS = (IDA, BO, "agent:ida", "agent:bo", "table host:ida")
ACME = a_tenant("acme")
READERS: list[dict[str, Any]] = [
    {"role": "admin"},
    {"role": "leader"},
    {"role": "agent"},
    {"role": "analyst"},
    {"role": "leader", "segments": ("organisation:service",)},
    {"role": "agent", "segments": (IDA,)},
]
PAGES = (
    "/",
    "/?by=agent",
    "/?by=organisation",
    "/segments",
    "/segments?q=ida",
    "/segments?dimension=agent",
    "/segments?segment=organisation:service/chat&by=organisation",
    "/segments?segment=touchpoint:chat&by=table host",
)


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    async with a_scorer_client(database, ACME) as client:
        now = database.clock()
        for name in ("ida", "bo"):
            given = {
                "organisation": ("service", "chat", name),
                "segments": {"touchpoint": "chat", "agent": name, "table host": name},
                "day": now.date(),
                "answered_at": now,
            }
            await count(database, *(an_answer(f"{name}{n}", **given) for n in range(40)))
        await allow(database, 2, dimensions=("table host",))
        yield client


async def allow(database: Database, version: int, **people: Any) -> None:
    await add_tenant(database, replace(ACME, version=version, people=People(**people)))


async def listed(client: ScorerClient, **reader: Any) -> set[str]:
    """The people that the API lists, page by page."""
    found, after = set(), ""
    while after is not None:
        body = (await client.get("/v1/segments", limit=3, after=after, **reader)).json()
        found |= {each["segment"] for each in body["segments"]}
        after = body["next"]
    return found & set(PERSONS)


async def opens(client: ScorerClient, **reader: Any) -> set[str]:
    """The people whose score the API gives, and whose page opens where the reader can have one."""
    found = set()
    for segment in PERSONS:
        answer = await client.get("/v1/scores", segment=segment, **reader)
        assert answer.status_code in {200, 404}
        if "role" in reader:
            for path in ("/segments", "/"):
                name = {"/segments": "segment", "/": "path"}[path]
                page = await client.get(f"{path}?{urlencode({name: segment})}", **reader)
                assert page.status_code == answer.status_code, (path, segment)
        found |= {segment} if answer.status_code == 200 else set()
    return found


@pytest.mark.parametrize("reader", [{}, *READERS], ids=str)
async def test_without_leave_nobody_sees_how_a_person_stands(
    client: ScorerClient, reader: dict[str, Any]
) -> None:
    assert await listed(client, **reader) == set() == await opens(client, **reader)
    if "role" not in reader:
        return
    for path in PAGES:
        page = (
            (await client.get(path, **reader)).text.casefold().replace("“ida”", "").replace('value="ida"', "")
        )
        assert "ida<" not in page, path
        assert "agent<" not in page, path
    both = await client.get(f"/segments?segment=touchpoint:chat&segment={IDA}", **reader)
    assert both.status_code == 404


async def test_with_leave_the_person_and_their_leaders_do_and_nobody_else(
    client: ScorerClient, database: Database
) -> None:
    await allow(database, 3, dimensions=("table host",), shown=True)
    assert await opens(client) == set() == await listed(client)
    may = [await opens(client, **reader) for reader in READERS]
    assert may == [set(), set(PERSONS), set(), set(), {IDA, BO}, {IDA}]
    assert [await listed(client, **reader) for reader in READERS] == may
    page = (await client.get("/?by=agent", role="leader")).text
    assert "Ida</bdi></a>" in page


async def test_who_may_see_one_person_only_reads_why_nothing_is_shown(
    client: ScorerClient, database: Database
) -> None:
    own: dict[str, Any] = {"role": "agent", "segments": (IDA,)}
    assert "Scores of single employees are not shown." in (await client.get("/", **own)).text
    await allow(database, 3, shown=True)
    assert "40 answers" in (await client.get("/", **own)).text


async def test_a_company_whose_third_level_are_teams_can_say_so(
    client: ScorerClient, database: Database
) -> None:
    await allow(database, 3, level=0)
    assert await opens(client, role="analyst") == {IDA, BO, "table host:ida"}
    await allow(database, 4, level=2)
    chat = await client.get("/v1/scores", segment="organisation:service/chat", role="analyst")
    assert chat.status_code == 404


async def test_who_is_limited_learns_no_dimension_that_their_answers_do_not_have(
    client: ScorerClient, database: Database
) -> None:
    now = database.clock()
    given = {"organisation": ("shops",), "segments": {"secret wing": "x", "store": "a"}}
    await count(database, an_answer("s", day=now.date(), answered_at=now, **given))
    for path in ("/", "/segments", "/segments?segment=organisation:service"):
        page = (await client.get(path, role="leader", segments=("organisation:service",))).text
        assert "secret wing" not in page, path
    assert "secret wing" in (await client.get("/", role="leader")).text


JANE = "jane doe"


async def test_a_touchpoint_that_names_an_employee_is_told_at_no_door_until_it_is_allowed(
    client: ScorerClient,
) -> None:
    """Every route of the scorer is asked, with all answers of the company, by whoever may read them."""
    now = client.database.clock()
    given = {
        "organisation": ("service", "desk"),
        "segments": {"touchpoint": JANE},
        "touchpoint": JANE,
        "day": now.date(),
        "answered_at": now,
    }
    answers = [
        an_answer(f"jane{n}", **given, score=(2, 9)[n % 2], comment=f"said {n}", language="en")
        for n in range(40)
    ]
    await count(client.database, *answers)
    case = a_closed_case("jane", now, state="assigned", cause=None, closed_at=None, touchpoint=JANE)
    await keep(client.database, case)
    with_people(client)
    view = await saved(client, "/segments?segment=")
    wall = (await made(client, view))["path"]
    await allow(client.database, 3, dimensions=("touchpoint",))
    paths = [
        route.path
        for route in client.app.routes
        if isinstance(route, CheckedRoute) and "GET" in (route.methods or ()) and "{" not in route.path
    ]
    doors = [path for path in paths if not path.endswith("/live") and "/personal-data/" not in path]
    assert {"/", "/segments", "/v1/scores/answers/export", "/v1/gap", "/themes"} <= set(doors)
    queries = ("", "?segment=", "?sort=name", "?dimension=touchpoint", "?by=touchpoint", "?format=jsonl")
    told, said = [], 0
    readers: tuple[dict[str, Any], ...] = ({"role": "admin"}, {"role": "leader"}, {})
    for path in (*doors, wall):
        for query in queries:
            for reader in readers:
                answer = await client.get(f"{path}{query}", **reader)
                said += "said 1" in answer.text
                if "jane" in answer.text.lower():
                    told.append(f"{path}{query} {reader}")
    assert said, "no door tells of the answers"
    assert told == []
    await allow(client.database, 4, dimensions=("touchpoint",), shown=True)
    for path in ("/segments?segment=", "/v1/scores/answers/export?segment="):
        assert "jane" in (await client.get(path, role="leader")).text.lower(), path
        assert "jane" not in (await client.get(path, role="admin")).text.lower(), path
