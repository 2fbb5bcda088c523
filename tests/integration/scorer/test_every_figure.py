"""A walk over all pages of the scorer: each figure on a page is that of its document, and of its file.

A page leads to its documents and files by its own links. A new page joins in by a line of ``PAGES``; without one, and
without a document and a file, the walk fails.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.asked_dispatcher import AskedDispatcher
from support.figure_files import FILES
from support.figures import Documents, Element, check_rows, csv_rows, elements_of, faults_of, flat
from support.improvements import PATH, a_closed_case, act, an_improvement_body, at, keep
from support.invitations import an_answer_to, an_invitation, invite
from support.pairs import fill
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.themes import match_all

from shared.db.database import Database
from shared.events import Answer
from shared.http.routes import CheckedRoute

NOW = datetime(2026, 11, 20, 13, tzinfo=UTC)
TODAY = date(2026, 11, 20)
BENCHMARK = {"name": "=Webshops", "source": "A survey", "score": 31, "n": 900, "last": "2026-01-31"}
STORES = ("x", "=1+1", "y/z [2]")
DECIDED = {
    "organisation": {
        "organisation:north": [400, 100, 290, 3, 2],
        "organisation:south": [1110, 1100, 0, 0, 10],
    },
    "store": {"store:=1+1": [9, 5, 1, 0, 0], "store:y%2Fz%20%5B2%5D": [40, 12, 20, 1, 1]},
}
"""By dimension, of each value: how many events were matched and asked about, and why the others were not."""

PAGES: dict[str, tuple[str, ...]] = {
    "/": (
        "/",
        "/?against=year&window=90d",
        "/?by=store&window=28d",
        "/?path=organisation:north",
        "/?amended=first&window=28d",
        "/?per=customer&from=2026-10-01&to=2026-11-10",
        "/?window=1d",
    ),
    "/segments": (
        "/segments",
        "/segments?dimension=store&window=7d",
        "/segments?dimension=store&from=2026-09-01&to=2026-09-30",
        "/segments?sort=name&from=2026-09-01&to=2026-09-30&measurement=relational",
        "/segments?sort=name",
        "/segments?dimension=store&window=90d&q=1",
        "/segments?segment=",
        "/segments?segment=organisation:north&segment=touchpoint:checkout&window=28d&kind=detractors",
        "/segments?segment=store:%3D1%2B1&measurement=relational",
    ),
    "/compare": (
        "/compare?window=28d",
        "/compare?dimension=store&window=28d",
        "/compare?segment=organisation:north&with=organisation:south&window=28d",
        "/compare?window=1d",
    ),
    "/responses": (
        "/responses?window=90d&by=store",
        "/responses?from=2026-10-20&to=2026-11-02",
        "/responses?window=1d",
    ),
    "/marks": ("/marks", "/marks?measurement=relational"),
    "/marks/{mark}": ("/marks/{mark}",),
    "/themes": (
        "/themes",
        "/themes?segment=organisation:north&window=30d",
        "/themes?window=90d&order=impact",
        "/themes?from=2026-09-01&to=2026-10-31",
    ),
    "/actions": ("/actions",),
    "/actions/{action}": ("/actions/{action}",),
    "/drivers": (
        "/drivers?window=28d",
        "/drivers?window=28d&dimension=store",
        "/drivers?segment=organisation:north&window=28d&dimension=organisation",
        "/drivers?window=90d&measurement=relational&dimension=store",
        "/drivers?window=28d&dimension=nothing",
        "/drivers?window=1d",
    ),
    "/gap": (
        "/gap?window=365d",
        "/gap?window=365d&dimension=store",
        "/gap?segment=organisation:north&window=90d",
        "/gap?window=1d",
    ),
    "/benchmarks": ("/benchmarks",),
    "/benchmarks/{benchmark}": ("/benchmarks/{benchmark}",),
    "/unbegged": (
        "/unbegged?window=90d",
        "/unbegged?window=90d&by=store",
        "/unbegged?window=1d&by=touchpoint",
    ),
}
"""The pages with figures, each with some addresses."""
WITHOUT_FIGURES = {
    "/actions/new": "a form",
    "/pairs": "how far the work on pairs is, no figure of answers",
    "/views": "names of pages",
    "/views/{view}": "leads to a page, and has forms",
    "/views/stop/{token}": "ends a mail of Mondays",
    "/wall/{token}": "for a screen, without links: of a page of scores",
    "/wall/{token}/live": "tells open screens that something changed",
    "/segments/live": "tells open pages that something changed",
}
NAMES = {"/v1/trends": "trend", "/v1/benchmarks/comparison": "beside"}
"""What a page's further documents are called in the places of its figures."""

ANSWERS = "/v1/scores/answers/export"


def a_year() -> list[Answer]:
    """Some answers a day: more and happier of late in the north; amended, tests and another measurement, too."""
    found = []
    for days in range(0, 420, 1):
        for n in range(6 if days < 60 else 2):
            which = days * 7 + n
            score = (9, 10, 3, 8, 10, 0, 7)[which % 7] if days > 28 else (9, 2, 1, 8, 0, 6, 10)[which % 7]
            found.append(
                an_answer(
                    f"{days}-{n}",
                    day=TODAY - timedelta(days=days),
                    score=score,
                    version=1,
                    organisation=(("north", "sales"), ("north", "care"), ("south",))[which % 3],
                    segments={"touchpoint": ("checkout", "desk")[which % 2], "store": STORES[which % 3]},
                    touchpoint=("checkout", "desk")[which % 2],
                    measurement="relational" if which % 11 == 0 else "transactional",
                    test=which % 13 == 0,
                    comment=("The delivery came late", "Far too expensive", "Nice", None)[which % 4],
                    language="en",
                    customer_id=f"c-{which}",
                )
            )
    return found


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    at(database, NOW - timedelta(days=80))
    scopes = ("scores:read", "cases:write", "cases:read", "answers:read")
    async with a_scorer_client(database, a_tenant("acme", "Europe/Copenhagen", *scopes)) as client:
        invitations = [an_invitation(f"i{n}", sent_at=NOW - timedelta(days=n % 40)) for n in range(90)]
        await invite(database, *invitations)
        networks = (True, False, None)
        await count(
            database,
            *(
                an_answer_to(one, f"i{n}", staff_network=networks[n % 3], device_ordinal=1 + n % 3)
                for n, one in enumerate(invitations[:35])
            ),
        )
        history = a_year()
        for first in range(0, len(history), 100):
            await count(database, *history[first : first + 100])
        await match_all(database)
        await keep(
            database,
            *(a_closed_case(f"late {n}", NOW - timedelta(days=90)) for n in range(8)),
            *(a_closed_case(f"bug {n}", NOW - timedelta(days=20), cause="digital.bug") for n in range(12)),
            *(
                a_closed_case(
                    f"open {n}", NOW - timedelta(days=3 * n), state="assigned", cause=None, closed_at=None
                )
                for n in range(5)
            ),
        )
        opened = await client.send("PUT", PATH, an_improvement_body(segment="organisation:north"))
        assert opened.status_code == 200, opened.text
        await act(client, "begin", 1)
        at(database, NOW - timedelta(days=40))
        await act(client, "finish", 2)
        at(database, NOW)
        for benchmark in (BENCHMARK, {**BENCHMARK, "name": "Of nobody knows how many", "n": None}):
            added = await client.send("POST", "/v1/benchmarks", benchmark, role="admin")
            assert added.status_code == 201, added.text
        AskedDispatcher(DECIDED, NOW).answers(client)
        for day, segment in ((60, ""), (12, ""), (50, "organisation:north")):
            mark = {"day": str(TODAY - timedelta(days=day)), "text": f"=Prices {day}", "segment": segment}
            assert (await client.send("POST", "/v1/marks", mark)).status_code == 201
        yield client


async def read(client: ScorerClient, href: str, **reader: Any) -> Any:
    answer = await client.get(href, **reader)
    assert answer.status_code == 200, (href, answer.text)
    return answer


def links_of(elements: Sequence[Element], *, files: bool) -> list[str]:
    """The addresses of the files of a page, or of its documents."""
    links = [each.attributes for each in elements if each.tag == "a"]
    return [
        link["href"]
        for link in links
        if ("download" in link if files else link["href"].startswith("/v1/") and "download" not in link)
    ]


def form_of(href: str, client: ScorerClient) -> str:
    """The route of a document."""
    path = urlsplit(href).path
    for name in ("/v1/marks", "/v1/actions"):
        last = path.removeprefix(f"{name}/")
        if last != path and "-" in last:
            return f"{name}/{{{name.removeprefix('/v1/').removesuffix('s')}}}"
    return path


async def every_page(
    document: Mapping[str, Any], client: ScorerClient, href: str, **reader: Any
) -> Mapping[str, Any]:
    """A document with all of its pages; the further ones follow by ``next``."""
    (name,) = [name for name, value in document.items() if isinstance(value, list)]
    whole, place = dict(document), document["next"]
    while place:
        further = (await read(client, f"{href}&after={place}", **reader)).json()
        whole[name], place = [*whole[name], *further[name]], further["next"]
    return whole


async def check_page(client: ScorerClient, address: str, **reader: Any) -> int:
    """Compare a page with its documents, and these with their files; how many figures it has."""
    elements = elements_of((await read(client, address, **reader)).text)
    documents: dict[str, Any] = {}
    hrefs = links_of(elements, files=False)
    assert hrefs, f"{address} leads to no document of its figures"
    files = [href for href in links_of(elements, files=True) if not href.startswith(ANSWERS)]
    assert len(files) == len(hrefs), f"{address} leads to {len(files)} files of {len(hrefs)} documents"
    for href, file in zip(hrefs, files, strict=True):
        kind = form_of(href, client)
        document = (await read(client, href, **reader)).json()
        if "next" in document:
            document = await every_page(document, client, href if "?" in href else f"{href}?", **reader)
        documents[NAMES.get(kind, "")] = document
        check_rows(csv_rows((await read(client, file, **reader)).text), FILES[kind](document))
    known = Documents(documents)
    faults = [fault for element in elements for fault in faults_of(element, known)]
    assert not faults, "\n".join(faults[:12])
    for href in links_of(elements, files=True):
        if href.startswith(ANSWERS):
            await check_answers(client, href, documents[""], **reader)
    return sum(len(each.attributes.get("data-figure", "").split()) for each in elements)


async def check_answers(client: ScorerClient, href: str, overview: Mapping[str, Any], **reader: Any) -> None:
    """The answers behind a score are those that it is made of, in both kinds of files."""
    text = (await read(client, href, **reader)).text
    rows = csv_rows(text) if "format=csv" in href else list(map(json.loads, text.splitlines()))
    counts = Counter(int(row["score"]) for row in rows)
    listed = [counts[score] for score in range(11)]
    if "kind=" in href:
        assert sum(listed[:7]) == sum(listed) == overview["now"]["detractors"]
    else:
        assert listed == overview["now"]["counts"]


def page_routes(client: ScorerClient) -> set[str]:
    """The routes of pages, without those of their files: test_csv_addresses.py has these."""
    return {
        route.path
        for route in client.app.routes
        if isinstance(route, CheckedRoute)
        and "GET" in (route.methods or ())
        and not route.include_in_schema
        and not route.path.startswith("/v1/")
        and not route.path.endswith("/download")
    }


async def ids_of(client: ScorerClient) -> dict[str, str]:
    """What stands in the addresses of pages of one thing."""
    (mark, *_) = (await read(client, "/v1/marks")).json()["marks"]
    (benchmark, *_) = (await read(client, "/v1/benchmarks")).json()["benchmarks"]
    return {"mark": mark["id"], "action": PATH.rpartition("/")[2], "benchmark": benchmark["id"]}


async def test_every_page_is_walked_or_has_no_figures(client: ScorerClient) -> None:
    assert page_routes(client) == {*PAGES, *WITHOUT_FIGURES}


@pytest.mark.parametrize("reader", [{"role": "leader"}, {"role": "analyst"}], ids=str)
async def test_every_figure_of_a_page_is_that_of_its_document_and_of_its_file(
    client: ScorerClient, reader: dict[str, Any]
) -> None:
    ids = await ids_of(client)
    for path, addresses in PAGES.items():
        figures = [await check_page(client, address.format(**ids), **reader) for address in addresses]
        assert max(figures) >= 1, f"{path} names no figures"


async def test_a_reader_limited_to_segments_finds_the_same_figures_in_their_files(
    client: ScorerClient,
) -> None:
    reader: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}
    addresses = ("/", "/segments", "/segments?segment=organisation:north", "/responses?window=90d", "/marks")
    further = ("/drivers?window=28d", "/gap?window=365d", "/benchmarks", "/unbegged?window=90d")
    for address in (*addresses, *further, "/compare?window=28d", "/themes", "/actions"):
        await check_page(client, address, **reader)
    for path in ("/v1/scores/overview", "/v1/scores/overview/export", ANSWERS):
        assert (await client.get(path, **reader)).status_code == 404
        assert (await client.get(path, segment="organisation:south", **reader)).status_code == 404


async def test_every_figure_is_that_of_its_document_while_pairs_of_dimensions_are_declared(
    client: ScorerClient,
) -> None:
    await fill(
        client.database, ("store", "touchpoint"), ("organisation", "touchpoint"), ("organisation", "store")
    )
    ids = await ids_of(client)
    both = "/segments?segment=store:x&segment=touchpoint:desk"
    one = "/responses?window=90d&segment=organisation:north&by=touchpoint"
    addresses = [address.format(**ids) for found in PAGES.values() for address in found]
    for address in (*addresses, f"{both}&window=90d", f"{both}&window=28d&against=year", one):
        await check_page(client, address, role="leader")


async def test_the_file_of_one_score_has_its_figures(client: ScorerClient) -> None:
    asked = "segment=organisation:north&window=28d&level=0.99"
    document = (await read(client, f"/v1/scores?{asked}")).json()
    check_rows(csv_rows((await read(client, f"/v1/scores/export?{asked}")).text), [flat(document)])


@pytest.mark.parametrize(
    ("html", "is_right"),
    [
        ('<td class="num" data-figure="now.n|thousands">1,234 <b>answers</b></td>', True),
        ('<td class="num"><span data-figure="now.n|thousands">1,234</span></td>', True),
        ('<td class="num" data-figure="now.nps|signed now.n|thousands">1,234</td>', True),
        ('<td class="num" data-figure="now.n|thousands">1,235</td>', False),
        ('<td class="num" data-figure="now.n|thousands">11,234</td>', False),
        ('<td class="num" data-figure="now.n|thousands">1,234 of 2,000</td>', False),
        ('<td class="num">1,234</td>', False),
        ('<dd class="v" data-figure="now.nps|signed">+12</dd>', False),
    ],
)
def test_the_walk_finds_a_figure_that_differs_and_one_that_names_no_place(html: str, is_right: bool) -> None:
    documents = Documents({"": {"now": {"n": 1234, "nps": None}}})
    faults = [fault for element in elements_of(html) for fault in faults_of(element, documents)]
    assert bool(faults) != is_right, faults


def test_the_walk_finds_a_cell_that_differs_and_a_row_too_many() -> None:
    part = {"segment": "store:=1", "n": 3, "counts": None}
    rows = csv_rows("segment,n\r\nstore:=1,3\r\n")
    check_rows(rows, [{"segment": "store:=1", "n": "3"}])
    for others in ([flat({**part, "n": 4})], [{"n": "3"}, {"n": "3"}], []):
        with pytest.raises(AssertionError):
            check_rows(rows, others)
