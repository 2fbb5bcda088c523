"""Each number opens exactly its own answers: every link of every page of scores is taken and counted."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from shared.db.database import Database
from shared.events import Answer

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def some_answers() -> list[Answer]:
    """Answers of two measurements over two years, in places and touchpoints that overlap."""
    chance, made = Random(7), []
    for number in range(700):
        back = chance.choice((0, 3, 12, 29, 30, 31, 45, 59, 61, 100, 365, 380, 394))
        where = chance.choice(
            (("shops", "aarhus"), ("shops", "odense"), ("service", "chat", "ida"), ("web",))
        )
        touchpoint = chance.choice(("checkout", "home delivery", "a/b: 50 %"))
        given = {
            "score": chance.choice((0, 3, 6, 7, 8, 9, 10)),
            "measurement": chance.choice(("transactional", "transactional", "relational")),
            "organisation": where,
            "segments": {"touchpoint": touchpoint, "store": where[-1]},
            "touchpoint": touchpoint,
            "day": TODAY - timedelta(days=back),
            "answered_at": NOW - timedelta(days=back),
        }
        made.append(an_answer(f"a{number}", **given))
    return made


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(database, a_tenant("acme")) as client:
        await count(database, *some_answers())
        yield client


def links(page: str) -> list[tuple[str, str]]:
    """Each link's address and the words around it."""
    return [
        (unescape(at), unescape(words)) for at, words in re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', page)
    ]


async def listed(client: ScorerClient, path: str, **reader: Any) -> int:
    """How many answers a list has, page by page."""
    found, at = 0, path
    while at:
        page = (await client.get(at, role="leader", **reader)).text
        section = page[page.index('id="answers"') :]
        found += section.count('class="voice-score')
        more = re.search(r'href="([^"]*after=[^"]*)"', section)
        at = unescape(more[1]) if more else ""
    return found


def number_in(words: str) -> int:
    return int(re.sub(r"\D", "", words))


PAGES = [
    "/",
    "/?window=7d",
    "/?window=365d",
    "/?against=year",
    "/?path=organisation:shops",
    "/?touchpoint=touchpoint:checkout",
    "/?touchpoint=touchpoint:a%252Fb%253A 50 %2525",
    "/?path=organisation:shops/aarhus&touchpoint=touchpoint:checkout&window=90d&by=store",
    "/segments?segment=",
    "/segments?segment=organisation:shops&segment=touchpoint:checkout",
    "/segments?segment=store:aarhus&measurement=relational&window=30d",
    "/segments?segment=store:aarhus&until=2026-10-23&window=30d&against=year",
    "/segments?segment=store:odense&until=2025-11-22&window=90d",
]


@pytest.mark.parametrize("path", PAGES)
async def test_a_link_to_answers_lists_as_many_as_the_number_beside_it_says(
    client: ScorerClient, path: str
) -> None:
    page = (await client.get(path, role="leader")).text
    taken = set()
    for at, words in links(page):
        if at.endswith("#answers") and "after=" not in at and at not in taken:
            taken.add(at)
            assert await listed(client, at) == number_in(words), at
    assert len(taken) >= (2 if "measurement" in path or "until" in path else 3)


@pytest.mark.parametrize("path", PAGES)
async def test_a_part_of_a_page_leads_to_where_its_own_answers_stand(client: ScorerClient, path: str) -> None:
    page = (await client.get(path, role="leader")).text
    rows = re.findall(
        r'<th role="rowheader" scope="row"><a href="([^"]*)">.*?Answers </span>([\d,]*)<', page, re.DOTALL
    )
    assert rows
    for at, n in rows:
        assert await listed(client, unescape(at)) == number_in(n), at


async def test_each_segment_in_the_list_leads_to_as_many_answers_as_it_says(client: ScorerClient) -> None:
    page = (await client.get("/segments?window=90d&sort=name", role="leader")).text
    rows = re.findall(
        r'<th role="rowheader" scope="row"><a href="([^"]*)">.*?Answers </span>([\d,]*)<', page, re.DOTALL
    )
    assert len(rows) == 6 + 4 + 3  # those of the organisation, the stores, the touchpoints
    for at, n in rows:
        assert await listed(client, unescape(at)) == number_in(n), at


async def test_who_is_limited_finds_their_own_answers_behind_each_number(client: ScorerClient) -> None:
    own: dict[str, Any] = {"segments": ("organisation:shops",)}
    page = (await client.get("/?touchpoint=touchpoint:checkout", role="leader", **own)).text
    exact = [(at, words) for at, words in links(page) if at.endswith("#answers")]
    assert exact
    for at, words in exact:
        assert "organisation:shops" in parse_qs(urlsplit(at).query)["segment"]
        assert await listed(client, at, **own) == number_in(words)


async def test_a_list_of_some_of_the_answers_says_how_many_and_lists_them(client: ScorerClient) -> None:
    whole = await listed(client, "/segments?segment=&window=365d")
    kinds = {
        kind: f"/segments?segment=&window=365d&kind={kind}"
        for kind in ("detractors", "passives", "promoters")
    }
    found = [await listed(client, at) for at in kinds.values()]
    assert sum(found) == whole
    for at, n in zip(kinds.values(), found, strict=True):
        assert f"{n} answers, latest first." in (await client.get(at, role="leader")).text
    nothing = (await client.get("/segments?segment=&words=courier", role="leader")).text
    assert "No answer says “courier”." in nothing


async def test_only_what_has_answers_together_is_offered(client: ScorerClient, database: Database) -> None:
    lonely = {"organisation": ("harbour",), "segments": {"touchpoint": "ferry"}, "touchpoint": "ferry"}
    await count(database, an_answer("lonely", day=TODAY, answered_at=NOW, **lonely))
    page = (await client.get("/?path=organisation:shops", role="leader")).text
    touchpoints = page[page.index('name="touchpoint"') :]
    assert "Checkout" in touchpoints[: touchpoints.index("</select>")]
    assert "Ferry" not in touchpoints[: touchpoints.index("</select>")]
    page = (await client.get("/?touchpoint=touchpoint:ferry", role="leader")).text
    paths = page[page.index('name="path"') :]
    assert "Harbour" in paths[: paths.index("</select>")]
    assert "Shops" not in paths[: paths.index("</select>")]
