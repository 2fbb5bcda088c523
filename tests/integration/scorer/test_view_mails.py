"""Saved views as mail: who gets which, what stands in one, and the link that stops it."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.http_clients import SECRET
from support.png import read_png
from support.scorer_builders import add_tenant, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.screens import MAKER, saved

from services.scorer.saved_views.mail_commands import MAX_MAILS_PER_PERSON
from services.scorer.saved_views.mail_tokens import StopLink, read_stop_token, stop_token
from shared.db.database import Database
from shared.http.middleware import masked
from shared.pages.pictures import TREND_WIDTH
from shared.privacy.service_client import PERSONAL_DATA_PATH, ServiceClient, read_answer
from shared.privacy.service_tokens import ServiceTokens
from shared.privacy.view_mails import (
    CONTENT_PATH,
    WANTED_PATH,
    ViewMailAnswer,
    ViewMailContent,
    ViewMailQuestion,
    WantedViewMail,
)

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(database, a_tenant("acme", "Europe/Copenhagen"), a_tenant("other")) as client:
        yield client


async def answers(database: Database) -> None:
    """Two of each store on each of sixty days, the first store unhappier."""
    given = [
        an_answer(
            f"{store}-{days}-{number}",
            day=TODAY - timedelta(days=days),
            score=(6, 9)[number] if place == 0 else (9, 10)[number],
            segments={"store": store, "agent": f"agent-{store}"},
            comment="Karen Whitfield waited",
            customer_id="c-4711",
        )
        for place, store in enumerate(("x", "y"))
        for days in range(60)
        for number in range(2)
    ]
    await count(database, *given)


def services_of(client: ScorerClient) -> ServiceClient:
    tokens = ServiceTokens(SECRET, clock=client.database.clock)
    return ServiceClient("http://127.0.0.1:8080", tokens, httpx.ASGITransport(client.app))


async def wanted(client: ScorerClient, tenant: str = "acme") -> list[WantedViewMail]:
    body = await services_of(client).get_body("scorer", WANTED_PATH, purpose="view-mails", tenant=tenant)
    return read_answer("scorer", body, list[WantedViewMail])


async def content(
    client: ScorerClient, view: str, tenant: str = "acme", **changes: Any
) -> ViewMailContent | None:
    facts: dict[str, Any] = {"view": UUID(view), "staff": MAKER, "role": "leader", **changes}
    body = msgspec.json.encode(ViewMailQuestion(**facts))
    answer = await services_of(client).post("scorer", CONTENT_PATH, body, purpose="view-mails", tenant=tenant)
    return read_answer("scorer", answer, ViewMailAnswer).content


async def tick(client: ScorerClient, view: str, method: str = "PUT", **how: Any) -> httpx.Response:
    return await client.send(method, f"/v1/views/{view}/mail", **{"role": "leader", **how})


async def without_sign_in(client: ScorerClient, method: str, path: str, **how: Any) -> httpx.Response:
    async with client._http() as http:
        return await http.request(method, path, headers={"accept": "text/html"}, **how)


async def test_whoever_ticks_a_view_is_listed_until_they_stop_and_the_same_again_changes_nothing(
    client: ScorerClient,
) -> None:
    view = await saved(client)
    assert (await tick(client, view, "GET")).json()["wanted"] is False
    for _ in range(2):
        assert (await tick(client, view)).json() == {"wanted": True}
    assert await wanted(client) == [WantedViewMail(view=UUID(view), staff=MAKER)]
    assert await wanted(client, "other") == []
    for _ in range(2):
        assert (await tick(client, view, "DELETE")).json() == {"wanted": False}
    assert await wanted(client) == []


async def test_the_page_has_the_tick_and_says_what_holds(client: ScorerClient) -> None:
    view = await saved(client)
    page = (await client.get(f"/views/{view}", role="agent")).text
    assert "Send it to me every Monday" in page
    done = await client.send("POST", f"/views/{view}/mail", form={"act": "start"}, role="agent")
    assert (done.status_code, done.headers["location"]) == (303, f"/views/{view}?did=mailed")
    assert "You get it every Monday." in (await client.get(f"/views/{view}", role="agent")).text
    await client.send("POST", f"/views/{view}/mail", form={"act": "stop"}, role="agent")
    assert await wanted(client) == []
    strange = await client.send("POST", f"/views/{view}/mail", form={"act": "x"}, role="agent")
    assert strange.status_code == 422


async def test_no_mail_of_a_view_without_scores_nor_for_a_key_nor_beyond_the_bound(
    client: ScorerClient,
) -> None:
    other = await saved(client, "/themes", "Words", shared=True)
    assert (await tick(client, other)).status_code == 422
    assert (await tick(client, other, role=None)).status_code == 422
    assert (await tick(client, str(uuid4()))).status_code == 404
    views = [await saved(client, name=f"View {number}") for number in range(MAX_MAILS_PER_PERSON + 1)]
    states = [(await tick(client, view)).status_code for view in views]
    assert states == [200] * MAX_MAILS_PER_PERSON + [422]
    assert (await tick(client, views[0])).status_code == 200


async def test_a_mail_has_the_figures_and_the_drawing_and_names_nobody(
    client: ScorerClient, database: Database
) -> None:
    await answers(database)
    view = await saved(client, "/segments?segment=&window=30d&by=store", "Everything & all")
    await tick(client, view)
    mail = await content(client, view)
    assert mail is not None
    assert mail.subject == "Everything & all: NPS +50"
    text = "\n".join(mail.paragraphs)
    html = re.sub(r"<[^>]+>", " ", mail.html)
    for words in ("+50", "120 answers", "It stands where it stood.", "Over time, "):
        assert words in text, text
        assert words in html, html
    assert "X: 0 (" in text
    assert "Everything &amp; all" in mail.html
    assert 'src="cid:trend"' in mail.html
    assert f"http://127.0.0.1:8080{mail.path}".replace("&", "&amp;").rpartition("/")[2] in mail.html
    assert mail.stop_path in text
    assert mail.picture is not None
    assert read_png(mail.picture).width == TREND_WIDTH
    for secret in ("Karen", "c-4711", "agent", "Jonas Holt", "waited"):
        assert secret not in text + mail.html


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scores=st.lists(st.integers(0, 10), min_size=0, max_size=45))
async def test_the_score_and_the_number_are_what_counting_one_by_one_comes_to(
    client: ScorerClient, database: Database, scores: list[int]
) -> None:
    tenant = f"t{uuid4().hex}"
    await add_tenant(database, a_tenant(tenant))
    given = [
        an_answer(f"{tenant}-{number}", day=TODAY - timedelta(days=number % 7), score=score)
        for number, score in enumerate(scores)
    ]
    await count(database, *given, *given[:5], tenant=tenant)
    view = await saved(client, "/?window=30d", tenant=tenant)
    await tick(client, view, tenant=tenant)
    mail = await content(client, view, tenant)
    assert mail is not None
    n = len(scores)
    answers = "1 answer" if n == 1 else f"{n} answers"
    assert answers in "\n".join(mail.paragraphs)
    if n < 10:
        assert mail.subject == "Mine: too few answers for a score"
    elif n >= 30:
        nps = 100 * (sum(score >= 9 for score in scores) - sum(score <= 6 for score in scores)) / n
        told = re.fullmatch(r"Mine: NPS (.+)", mail.subject)
        assert told is not None
        assert abs(float(told[1].replace("−", "-").replace("+", "")) - nps) <= 0.5


@pytest.mark.parametrize(("language", "words"), [("da", "Over tid, "), ("nl", "In de tijd, ")])
async def test_a_mail_is_in_the_language_of_its_reader(
    client: ScorerClient, database: Database, language: str, words: str
) -> None:
    await answers(database)
    view = await saved(client, "/?window=30d")
    await tick(client, view)
    mail = await content(client, view, languages=("xx", language))
    assert mail is not None
    assert words in "\n".join(mail.paragraphs)


async def test_nothing_is_told_to_who_may_not_see_it_now_nor_of_what_is_gone_or_not_wanted(
    client: ScorerClient, database: Database
) -> None:
    await answers(database)
    view = await saved(client, "/segments?segment=store:x&window=30d", shared=True)
    assert await content(client, view) is None  # nobody asked for it
    await tick(client, view)
    assert await content(client, view) is not None
    assert await content(client, view, segments=("store:x",)) is not None
    assert await content(client, view, segments=("store:y",)) is None
    assert await content(client, view, staff=uuid4()) is None
    assert await content(client, view, tenant="other") is None
    await client.send("DELETE", f"/v1/views/{view}", role="leader")
    assert await content(client, view) is None
    assert await wanted(client) == []


async def test_a_limited_reader_of_the_companys_dashboard_gets_what_they_see_there_themselves(
    database: Database, client: ScorerClient
) -> None:
    await answers(database)
    view = await saved(client, "/?window=30d", shared=True)
    async with database.transaction() as uow:
        await uow.execute("UPDATE saved_view SET staff_id = :person", {"person": uuid4()})
    limited: dict[str, Any] = {"segments": ("store:x",)}
    assert (await tick(client, view, **limited)).status_code == 200
    mail = await content(client, view, **limited)
    assert mail is not None
    own = await client.get("/v1/scores", segment="store:x", window="30d", role="leader", **limited)
    assert mail.paragraphs != (await content(client, view)).paragraphs  # type: ignore[union-attr]
    assert f", {own.json()['n']} answers)" in " ".join(mail.paragraphs)


@pytest.mark.parametrize("as_of", ["2099-01-01T00:00:00Z", "1989-12-31T00:00:00Z"])
async def test_a_view_of_a_moment_that_nobody_knows_is_not_saved_and_an_old_one_is_not_mailed(
    database: Database, client: ScorerClient, as_of: str
) -> None:
    body = {"name": "Then", "address": f"/?as_of={as_of}"}
    refused = await client.send("PUT", f"/v1/views/{uuid4()}", body, role="leader")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "/address"
    view = await saved(client, "/?window=30d")
    assert (await tick(client, view)).status_code == 200
    async with database.transaction() as uow:
        await uow.execute("UPDATE saved_view SET address = :address", {"address": f"/?as_of={as_of}"})
    assert await content(client, view) is None


async def test_mails_of_views_that_are_shared_no_more_count_for_no_bound(
    database: Database, client: ScorerClient
) -> None:
    gone = [await saved(client, name=f"v{number}", shared=True) for number in range(MAX_MAILS_PER_PERSON)]
    for view in gone:
        assert (await tick(client, view)).status_code == 200
    one_more = await saved(client, name="one more")
    assert (await tick(client, one_more)).status_code == 422
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE saved_view SET staff_id = :person, shared = false WHERE name <> 'one more'",
            {"person": uuid4()},
        )
    assert (await tick(client, one_more)).status_code == 200


async def test_the_link_in_the_mail_stops_it_by_one_click_and_opening_it_does_not(
    client: ScorerClient,
) -> None:
    view = await saved(client, name="Mine & yours")
    await tick(client, view)
    mail = await content(client, view)
    assert mail is not None
    opened = await without_sign_in(client, "GET", mail.stop_path)
    assert opened.status_code == 200
    assert "Mine &amp; yours" in opened.text
    assert len(await wanted(client)) == 1
    for _ in range(2):
        done = await without_sign_in(client, "POST", mail.stop_path, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
        assert "You do not get this view any more." in done.text
    assert await wanted(client) == []
    assert mail.stop_path.rpartition("/")[2] not in masked(mail.stop_path)
    assert (await without_sign_in(client, "POST", "/views/stop/wrong.acme")).status_code == 404


def test_a_token_is_good_for_its_company_view_and_person_alone() -> None:
    link = StopLink("acmé/1", uuid4(), uuid4())
    token = stop_token(SECRET, link)
    assert read_stop_token(SECRET, token) == link
    assert read_stop_token(SECRET, unquote(token)) is None
    secret = token.partition(".")[0]
    for wrong in (f"{secret}.other", f"A{token[1:]}", token + "x", "", ".", "é", f"{secret[:-4]}.acme"):
        assert read_stop_token(SECRET, wrong) is None
    assert read_stop_token("another secret, as long as secrets have to be", token) is None


async def test_only_our_own_services_ask(client: ScorerClient) -> None:
    for method, path in (("GET", WANTED_PATH), ("POST", CONTENT_PATH)):
        answer = await client.send(method, f"{PERSONAL_DATA_PATH}/scorer/{path}", {})
        assert answer.status_code == 401
