"""Screens on walls: the figures of a saved view, for whoever has the link, as long as its maker may see them."""

import dataclasses
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.audit import audit_lines
from support.comparison_model import CountedAnswers, Z, answers_in, p_of
from support.examples import examples
from support.invitations import an_answer_to, an_invitation, invite
from support.scorer_builders import add_tenant, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.screens import MAKER, FakePeople, made, saved, with_people
from support.share_model import called

from services.scorer.saved_views import screen_uses, wall_reading
from services.scorer.saved_views.addresses import normalized_address
from services.scorer.saved_views.domain import SavedView, Screen
from services.scorer.saved_views.screen_uses import ScreenUses
from services.scorer.saved_views.wall_reading import OpenScreen, WallFigures, read_wall, wall_access
from shared.db.database import Database
from shared.events import Answer, People
from shared.health import Health
from shared.http.middleware import masked
from shared.http.rate_limit import RateLimit
from shared.privacy.present_access import PresentAccess
from shared.tenancy import find_tenant

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(database, a_tenant("acme", "Europe/Copenhagen"), a_tenant("other")) as client:
        yield client


@pytest.fixture
def people(client: ScorerClient) -> FakePeople:
    return with_people(client)


async def answers(database: Database, *, stores: tuple[str, ...] = ("x", "y")) -> None:
    """Forty of each store in the last 30 days and as many before, the first store unhappier."""
    given = [
        an_answer(
            f"{store}-{days}-{number}",
            day=TODAY - timedelta(days=days),
            score=(6, 9)[number] if place == 0 else (9, 10)[number],
            segments={"store": store, "agent": f"agent-{store}"},
            organisation=("north", store),
            comment="Karen Whitfield waited",
            customer_id="c-4711",
        )
        for place, store in enumerate(stores)
        for days in range(60)
        for number in range(2)
    ]
    await count(database, *given)


async def wall(client: ScorerClient, path: str, **how: Any) -> httpx.Response:
    async with client._http() as http:
        return await http.get(path, headers={"accept": "text/html", **how})


async def test_a_screen_shows_figures_and_names_nobody(
    client: ScorerClient, people: FakePeople, database: Database
) -> None:
    await answers(database)
    view = await saved(client, "/segments?segment=&window=30d&by=store", "Everything")
    screen = await made(client, view)
    page = await wall(client, screen["path"])
    assert page.status_code == 200
    text = " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", page.text, flags=re.DOTALL).split())
    for words in ("Everything", "Acme", "+50", "120 answers", "It stands where it stood.", "X 0 "):
        assert words in text, f"{words}: {text}"
    assert "Y +100" not in text, "it is lower than no other"
    for secret in ("Karen", "c-4711", "agent", "Jonas Holt", "waited", str(MAKER)):
        assert secret not in page.text
    assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in page.text
    assert '<meta name="robots" content="noindex">' in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert page.headers["cache-control"] == "no-store"
    assert "<form" not in page.text
    assert "<a " not in page.text
    assert "wall" in masked(screen["path"])
    assert screen["path"].rpartition("/")[2] not in masked(screen["path"])


@pytest.mark.parametrize(("language", "words"), [("da", "Lavest, efter"), ("nl", "Laagste, per")])
async def test_a_screen_speaks_the_language_of_its_browser(
    client: ScorerClient, people: FakePeople, database: Database, language: str, words: str
) -> None:
    await answers(database)
    screen = await made(client, await saved(client, "/?by=store"))
    page = await wall(client, screen["path"], **{"accept-language": language})
    assert words in page.text


async def test_a_screen_has_the_names_that_the_company_gave_its_segments(
    client: ScorerClient, people: FakePeople, database: Database
) -> None:
    await answers(database)
    named = {"store": "Branch", "store:x": "Aarhus"}
    tenant = replace(a_tenant("acme", "Europe/Copenhagen"), version=2, display_names=named)
    await add_tenant(database, tenant)
    await client.app.state.context.keys.refresh()
    page = await wall(client, (await made(client, await saved(client, "/?by=store")))["path"])
    assert "Lowest, by Branch" in page.text
    assert "<bdi>Aarhus</bdi>" in page.text


async def test_single_employees_are_on_no_screen_even_where_their_leaders_see_them(
    client: ScorerClient, people: FakePeople, database: Database
) -> None:
    shown = People(dimensions=("agent",), shown=True)
    tenant = replace(a_tenant("acme", "Europe/Copenhagen"), version=2, people=shown)
    await add_tenant(database, tenant)
    await answers(database)
    view = await saved(client, "/?by=agent")
    assert "Agent-x" in (await client.get("/?by=agent", role="leader")).text
    page = await wall(client, (await made(client, view))["path"])
    assert page.status_code == 200
    assert "agent-" not in page.text.lower()


async def test_a_link_ends_when_its_time_is_over(
    client: ScorerClient, people: FakePeople, database: Database
) -> None:
    screen = await made(client, await saved(client), days=7)
    database.clock = lambda: NOW + timedelta(days=7, seconds=-1)
    assert (await wall(client, screen["path"])).status_code == 200
    database.clock = lambda: NOW + timedelta(days=7)
    for path in (screen["path"], f"{screen['path']}/live"):
        assert (await wall(client, path)).status_code == 404


@pytest.mark.parametrize(
    "access",
    [
        None,
        PresentAccess(role=None),
        PresentAccess(role="analyst"),
        PresentAccess(role="leader", segments=("organisation:south",)),
        PresentAccess(role="admin", segments=("store:x",)),
    ],
)
async def test_a_link_ends_when_its_maker_leaves_or_may_not_see_it_any_more(
    client: ScorerClient, people: FakePeople, access: PresentAccess | None
) -> None:
    screen = await made(client, await saved(client, "/segments?segment=organisation:north"))
    company = await made(client, await saved(client, "/", "company"))
    for each in (screen, company):
        assert (await wall(client, each["path"])).status_code == 200
    unknown = await wall(client, f"/wall/{'x' * 43}.acme")
    people.access = {} if access is None else {MAKER: access}
    for each in (screen, company):
        page = await wall(client, each["path"])
        assert page.status_code == 404
        assert strip_id(page.text) == strip_id(unknown.text)
    people.access = {MAKER: PresentAccess(role="leader", segments=("organisation:north",))}
    assert (await wall(client, screen["path"])).status_code == 200
    assert (await wall(client, company["path"])).status_code == 404


def strip_id(page: str) -> str:
    """Without the request's own id."""
    return re.sub(r"[0-9a-f]{32}", "", page)


async def test_a_link_of_another_company_a_wrong_one_and_one_taken_back_show_nothing(
    client: ScorerClient, people: FakePeople
) -> None:
    view = await saved(client)
    screen, removed = await made(client, view), await made(client, await saved(client, name="gone"))
    secret = screen["path"].removeprefix("/wall/").partition(".")[0]
    for token in (secret, f"{secret}.other", f"{secret}x.acme", ".acme", f"{secret}.", "x" * 900):
        assert (await wall(client, f"/wall/{token}")).status_code == 404, token
    path = f"/v1/views/{view}/screens/{screen['id']}"
    assert (await client.send("DELETE", path, role="leader", tenant="other")).status_code == 404
    assert (await client.send("DELETE", path, role="leader")).status_code == 204
    assert (await client.send("DELETE", path, role="leader")).status_code == 404
    assert (await wall(client, screen["path"])).status_code == 404
    for each in (await client.get("/v1/views", role="leader")).json()["views"]:
        await client.send("DELETE", f"/v1/views/{each['id']}", role="leader")
    assert (await wall(client, removed["path"])).status_code == 404


async def test_a_screen_of_a_company_that_has_left_shows_nothing(
    client: ScorerClient, people: FakePeople, database: Database
) -> None:
    screen = await made(client, await saved(client))
    await add_tenant(database, replace(a_tenant("acme", "Europe/Copenhagen"), version=2, state="leaving"))
    await client.app.state.context.keys.refresh()
    assert (await wall(client, screen["path"])).status_code == 404
    assert people.asked == 0


async def test_while_alerts_is_away_a_screen_shows_no_figures_and_comes_back_by_itself(
    client: ScorerClient, people: FakePeople
) -> None:
    screen = await made(client, await saved(client))
    people.away = True
    page = await wall(client, screen["path"])
    assert page.status_code == 503
    assert "The figures come back by themselves." in page.text
    assert '<meta http-equiv="refresh" content="30">' in page.text
    assert (await wall(client, f"{screen['path']}/live")).status_code == 503
    people.away = False
    assert (await wall(client, screen["path"])).status_code == 200


async def test_when_a_screen_was_last_open_is_written_once_a_minute_and_by_no_request(
    client: ScorerClient, people: FakePeople, database: Database
) -> None:
    view = await saved(client)
    screen = await made(client, view)
    uses = ScreenUses(database, Health())
    state = client.app.state
    state.context = dataclasses.replace(state.context, note_screen=uses.note)

    async def used() -> object:
        return (await client.get(f"/v1/views/{view}/screens", role="leader")).json()["screens"][0]["used_at"]

    assert (await wall(client, screen["path"])).status_code == 200
    assert await used() is None
    await uses.write()
    assert await used() == "2026-11-22T12:00:00Z"
    database.clock = lambda: NOW + timedelta(minutes=5, seconds=40)
    await wall(client, screen["path"])
    await uses.write()
    await uses.write()
    assert await used() == "2026-11-22T12:05:00Z"
    page = (await client.get(f"/views/{view}", role="leader")).text
    assert "last open on 22 November at 13:05" in page


async def test_uses_that_could_not_be_written_are_written_later(
    client: ScorerClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await saved(client)
    screen = await made(client, view)
    uses = ScreenUses(database, Health())
    uses.note("acme", UUID(screen["id"]))

    async def away(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as lost:
        lost.setattr(screen_uses, "store_screen_uses", away)
        with pytest.raises(ConnectionError):
            await uses.write()
    await uses.write()
    listed = (await client.get(f"/v1/views/{view}/screens", role="leader")).json()["screens"]
    assert listed[0]["used_at"] == "2026-11-22T12:00:00Z"


async def test_who_guesses_links_is_slowed_down(client: ScorerClient, people: FakePeople) -> None:
    state = client.app.state
    state.context = dataclasses.replace(state.context, wall_per_network=RateLimit(burst=3, interval_s=60.0))
    found = [(await wall(client, f"/wall/{'x' * 43}.acme")).status_code for _ in range(4)]
    assert found == [404, 404, 404, 429]


async def test_screens_are_made_and_taken_back_with_a_line_in_the_log(
    client: ScorerClient, people: FakePeople, database: Database
) -> None:
    view = await saved(client)
    screen = await made(client, view)
    await client.send("DELETE", f"/v1/views/{view}/screens/{screen['id']}", role="leader")
    lines = await audit_lines(database)
    assert [(line.act, line.about, line.facts) for line in lines] == [
        ("screen_made", screen["id"], {"view": view, "days": 30}),
        ("screen_revoked", screen["id"], {"view": view}),
    ]


groups = st.tuples(
    st.integers(1, 60),
    st.sampled_from([(0, 3, 6), (7, 8, 9, 10), (9, 10), (2, 9), (5, 8, 10), (8,), tuple(range(11))]),
    st.integers(0, 75),
    st.sampled_from(["x", "y/z", "w"]),
    st.sampled_from([("north",), ("south",)]),
    st.sampled_from(["transactional", "transactional", "relational"]),
)


def a_history(drawn: list[tuple[Any, ...]]) -> list[Answer]:
    """Some answers of each group; one in seven is amended, one in eleven a test."""
    history = []
    for group, (n, scores, days, store, path, measurement) in enumerate(drawn):
        for number in range(n):
            answer = an_answer(
                f"{group}-{number}",
                score=scores[number % len(scores)],
                day=TODAY - timedelta(days=(days + number % 9) % 76),
                segments={"store": store},
                organisation=path,
                measurement=measurement,
                test=number % 11 == 10,
            )
            history.append(answer)
            if number % 7 == 0:
                history.append(replace(answer, version=2, score=scores[(number + 1) % len(scores)]))
    return history


async def figures(database: Database, address: str, access: PresentAccess) -> WallFigures | None:
    view = SavedView(
        id=uuid4(),
        staff_id=MAKER,
        name="x",
        address=normalized_address(address, TODAY),
        shared=False,
        created_at=NOW,
        changed_at=NOW,
    )
    screen = Screen(
        id=uuid4(),
        view_id=view.id,
        staff_id=MAKER,
        name="x",
        created_at=NOW,
        expires_at=NOW,
        used_at=None,
    )
    async with database.reading() as uow:
        tenant = await find_tenant(uow, "acme")
        assert tenant is not None
        allowed = wall_access(tenant, access)
        assert allowed is not None
        return await read_wall(uow, OpenScreen(tenant, screen, view), allowed)


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), drawn=st.lists(groups, min_size=1, max_size=6), days=st.sampled_from([7, 30, 45]))
async def test_each_figure_of_a_screen_is_that_of_the_answers_in_any_order(
    database: Database, client: ScorerClient, data: st.DataObject, drawn: list[Any], days: int
) -> None:
    async with database.transaction() as uow:
        for table in ("answer", "day_count", "week_count", "changed", "segment", "dimension"):
            await uow.execute(f"DELETE FROM {table}")
    history = a_history(drawn)
    published = [*history, *history[::3]]
    data.draw(st.randoms(use_true_random=False)).shuffle(published)
    for first in range(0, len(published), 60):
        await count(database, *published[first : first + 60])
    limits = data.draw(st.sampled_from([(), ("organisation:north",)]))
    segments = ("organisation:north",) if limits else data.draw(st.sampled_from([(), ("store:x",)]))
    named = "&".join(f"segment={segment}" for segment in segments or ("",))
    address = f"/segments?{named}&window={days}d&measurement=transactional&by=store"
    found = await figures(database, address, PresentAccess(role="leader", segments=limits))
    assert found is not None

    def model(*more: str, back: int = 0) -> CountedAnswers:
        last = TODAY - timedelta(days=back * days)
        first = last - timedelta(days=days - 1)
        return answers_in(history, "transactional", first, last, *segments, *more)

    now, before = model(), model(back=1)
    standing = found.standing
    assert list(standing.now.counts) == now.counts
    assert list(standing.before.counts) == before.counts
    if now.n:
        assert standing.now.drawing is not None
        ends = (standing.now.drawing.low95, standing.now.drawing.high95)
        assert (standing.now.drawing.nps, *ends) == pytest.approx((now.nps, *now.ends), abs=1e-9)
    assert (standing.change is not None) is (min(now.n, before.n) >= 30)
    if segments != ("store:x",):
        parts = {name: model(f"store:{name}") for name in ("x", "y%2Fz", "w")}
        lower = sorted((part.nps, f"store:{name}", part.n) for name, part in lower_than_rest(parts).items())
        assert [(row.segment, row.part.now.n) for row in found.lowest] == [
            (name, n) for _, name, n in lower[: wall_reading.MAX_LOWEST]
        ]


def lower_than_rest(parts: dict[str, CountedAnswers]) -> dict[str, CountedAnswers]:
    """The parts that are lower than all others together, beyond chance."""
    differences = {}
    for name, own in parts.items():
        rest = CountedAnswers(
            tuple(score for other, part in parts.items() if other != name for score in part.scores)
        )
        if min(own.n, rest.n) >= 30:
            middle, reach = own.mean - rest.mean, Z * sqrt(own.squared_error + rest.squared_error)
            differences[name] = {
                "points": own.nps - rest.nps,
                "low": middle - reach,
                "high": middle + reach,
                "p": p_of(rest, own),
            }
    verdicts = zip(differences, called(list(differences.values())), strict=True)
    return {name: parts[name] for name, verdict in verdicts if verdict == "lower"}


@pytest.mark.parametrize(
    ("n", "says", "hides"),
    [
        (0, "Nobody answered", "wall-number"),
        (9, "too few for a score", "wall-number"),
        (10, "wall-number", "±"),
    ],
)
async def test_below_ten_answers_there_is_no_score_and_below_thirty_no_comparison(
    client: ScorerClient, people: FakePeople, database: Database, n: int, says: str, hides: str
) -> None:
    await count(database, *(an_answer(str(number), day=TODAY) for number in range(n)))
    page = await wall(client, (await made(client, await saved(client)))["path"])
    assert says in page.text
    assert hides not in page.text
    assert "There is too little to compare" in page.text
    assert "Lowest" not in page.text


async def test_a_share_of_who_was_asked_is_told_from_ten_on(
    client: ScorerClient, people: FakePeople, database: Database
) -> None:
    screen = await made(client, await saved(client))
    asked = [an_invitation(str(number), sent_at=NOW - timedelta(days=1)) for number in range(10)]
    await invite(database, *asked[:9])
    await count(database, an_answer_to(asked[0], "0"))
    page = (await wall(client, screen["path"])).text
    assert "1 of 9 customers who were asked have answered so far</p>" in page
    await invite(database, asked[9])
    page = (await wall(client, screen["path"])).text
    assert "1 of 10 customers who were asked have answered so far: 10.0\N{NO-BREAK SPACE}% (" in page
