import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser
from support.eventually import eventually
from support.http_clients import ORIGIN
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_pass, a_scorer_client, a_tenant
from support.servers import serving
from support.translations import ShownText

from services.scorer.handlers import keep_cases
from shared.db.database import Database
from shared.events import CASES, SENDING, Case, SendingMode, TenantSending
from shared.http.staff_auth import ACCESS_COOKIE
from shared.tenancy.sending import keep_sending


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    async with a_scorer_client(database, a_tenant("acme"), a_tenant("other"), a_tenant("demo")) as client:
        yield client


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def today(database: Database, **given: Any) -> dict[str, Any]:
    now = database.clock()
    return {"day": now.date(), "answered_at": now, "changed_at": now} | given


async def test_before_the_first_answer_the_page_says_how_it_starts(client: ScorerClient) -> None:
    page = (await client.get("/", role="admin")).text
    assert "No answers yet" in page
    for step in ("Send an event", "Send a test survey to yourself", "Go live"):
        assert step in page
    assert f"curl {ORIGIN}/v1/events" in page


@pytest.mark.parametrize("path", ["/", "/segments", "/segments?segment=touchpoint:checkout", "/?window=400d"])
@pytest.mark.parametrize("n", [0, 4, 40])
async def test_a_page_for_a_danish_reader_has_no_english(
    database: Database, client: ScorerClient, path: str, n: int
) -> None:
    month = timedelta(days=30)
    now = [an_answer(f"a{i}", score=i % 11, **today(database)) for i in range(n)]
    earlier = [an_answer(f"b{i}", score=10, day=database.clock().date() - month) for i in range(n)]
    if n:
        await count(database, *now, *earlier)
    page = ShownText((await client.get(path, role="leader", language="da")).text)
    assert page.language == "da"
    assert [text for text in page.found if re.search(r"\b(the|and|of|answers?|days?)\b", text)] == []


async def test_a_page_never_holds_a_script_or_a_style_of_its_own(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *(an_answer(f"a{i}", **today(database)) for i in range(40)))
    for path in ("/", "/segments", "/segments?segment=touchpoint:checkout"):
        answer = await client.get(path, role="leader")
        assert answer.status_code == 200
        assert "style=" not in answer.text
        assert not re.search(r"<script(?![^>]*src=)", answer.text)


async def test_the_latest_answer_is_shown_with_the_score_before_and_after(
    database: Database, client: ScorerClient
) -> None:
    past = today(database)
    past |= {"answered_at": past["answered_at"] - timedelta(minutes=5)}
    await count(database, *(an_answer(f"a{i}", **past, score=9 if i % 3 else 3) for i in range(39)))
    await count(database, an_answer("last", **today(database), score=3))
    words = words_of((await client.get("/", role="leader")).text)
    assert re.search(r"Last answer \d+ seconds? ago: 3\s*; \+33\.3 → \+30\.0", words)


async def test_an_amended_latest_answer_is_shown_with_what_it_was(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *(an_answer(f"a{i}", **today(database), origin="import") for i in range(10)))
    await count(database, an_answer("last", **today(database), score=3))
    await count(database, an_answer("last", **today(database), score=9, version=2))
    words = words_of((await client.get("/", role="leader")).text)
    assert re.search(r"ago: 9 \(before: 3\)\s*; \+81\.8 → \+100\.0", words)


@pytest.mark.parametrize(
    ("n", "finding"),
    [
        (1, "1 answer: too few for a score."),
        (9, "9 answers: too few for a score."),
        (10, "10 answers: somewhere from"),
        (30, "Acme stands at +100"),
    ],
)
async def test_how_much_is_shown_depends_on_how_many_answered(
    database: Database, client: ScorerClient, n: int, finding: str
) -> None:
    await count(database, *(an_answer(f"a{i}", **today(database)) for i in range(n)))
    assert finding in words_of((await client.get("/", role="analyst")).text)


async def test_each_figure_opens_how_it_is_counted_and_leads_to_its_answers(
    database: Database, client: ScorerClient
) -> None:
    await count(database, an_answer(**today(database, comment="<b>It rained</b> & poured.")))
    page = (await client.get("/", role="leader")).text
    assert "How this is counted" in page
    until = database.clock().astimezone(ZoneInfo("Europe/Copenhagen")).date()
    exactly = f"measurement=transactional&amp;window=30d&amp;until={until}&amp;against=before"
    assert f'href="/segments?segment=&amp;{exactly}#answers"' in page
    answers = (await client.get("/segments?segment=&window=30d", role="leader")).text
    assert "&lt;b&gt;It rained&lt;/b&gt; &amp; poured." in answers


async def test_answers_come_a_page_at_a_time_each_once(database: Database, client: ScorerClient) -> None:
    now = database.clock()
    await count(
        database,
        *(
            an_answer(f"a{i}", **today(database, comment=f"comment {i:03}."), score=i % 11)
            for i in range(120)
        ),
    )
    path: str | None = "/segments?segment=touchpoint:checkout"
    found: list[str] = []
    while path:
        page = (await client.get(path, role="leader")).text
        answers = page[page.index('id="answers"') :]
        found += re.findall(r"comment \d{3}\.", answers)
        link = re.search(r'href="(/segments\?[^"#]*after=[^"#]*)#answers"', answers)
        path = link[1].replace("&amp;", "&") if link else None
    assert sorted(found) == [f"comment {i:03}." for i in range(120)]
    assert now <= database.clock()


async def test_a_path_and_a_touchpoint_together_count_what_lies_in_both(
    database: Database, client: ScorerClient
) -> None:
    for i, (team, touchpoint) in enumerate([("north", "shop"), ("north", "phone"), ("south", "shop")] * 15):
        await count(
            database,
            an_answer(f"a{i}", **today(database), organisation=(team,), segments={"touchpoint": touchpoint}),
        )
    page = await client.get("/?path=organisation:north&touchpoint=touchpoint:shop", role="leader")
    assert "15 answers" in words_of(page.text)


async def test_who_is_limited_to_segments_sees_the_first_of_them_and_nothing_else(
    database: Database, client: ScorerClient
) -> None:
    await count(
        database, *(an_answer(f"n{i}", **today(database), organisation=("north",)) for i in range(12))
    )
    await count(
        database, *(an_answer(f"s{i}", **today(database), organisation=("south",)) for i in range(20))
    )
    own: dict[str, Any] = {"role": "agent", "segments": ("organisation:north",)}
    page = words_of((await client.get("/", **own)).text)
    assert "12 answers" in page
    assert "32 answers" not in page
    assert "20 answers" not in page
    assert "south" not in page
    for foreign in (
        "/?path=organisation:south",
        "/segments?segment=",
        "/segments?segment=organisation:south",
        "/segments?segment=touchpoint:checkout",
    ):
        assert (await client.get(foreign, **own)).status_code == 404
    assert "south" not in (await client.get("/segments", **own)).text


async def test_another_companys_answers_comments_and_cases_are_nowhere(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *(an_answer(f"a{i}", **today(database, comment="Ours alone.")) for i in range(12)))
    await count(database, an_answer("x", **today(database)), tenant="other")
    await _a_case(database)
    for path in ("/", "/segments", "/segments?segment=", "/segments?segment=touchpoint:checkout"):
        page = (await client.get(path, role="admin", tenant="other")).text
        assert "Ours alone." not in page
        assert "12 answers" not in page
        assert "waiting for us" not in page


async def _a_case(database: Database) -> None:
    now = database.clock()
    case = Case(
        id=UUID(int=7),
        number=2044,
        version=1,
        state="open",
        answer_id=an_answer("a0").id,
        score=2,
        opened_at=now - timedelta(hours=2),
        due_at=now - timedelta(hours=1, minutes=12),
        owner="Sara Lund",
    )
    async with database.transaction() as uow:
        await keep_cases(uow, [CASES.event("acme", case, now)])


async def test_open_cases_are_shown_with_their_words_and_their_lateness(
    database: Database, client: ScorerClient
) -> None:
    await count(database, an_answer("a0", **today(database, comment="Nobody rang."), score=2))
    await _a_case(database)
    page = (await client.get("/", role="leader")).text
    assert "One customer is waiting for us, too long." in page
    assert "1 h 12 min late" in page
    assert f'href="/cases/{UUID(int=7)}"' in page
    assert "Sara Lund" in page
    assert "Sara Lund" not in (await client.get("/", role="analyst")).text


async def test_test_mode_a_stop_and_the_demonstration_are_shown(
    database: Database, client: ScorerClient
) -> None:
    async with database.transaction() as uow:
        changes: list[tuple[int, SendingMode, bool]] = [(2, "test", True), (1, "live", False)]
        for version, mode, stopped in changes:
            sending = TenantSending(version=version, mode=mode, stopped=stopped, changed_at=uow.now)
            await keep_sending(uow, [SENDING.event("demo", sending, uow.now)])
    await count(database, an_answer(**today(database)), tenant="demo")
    page = (await client.get("/", role="leader", tenant="demo")).text
    assert "Test mode." in page
    assert "All sending is stopped." in page
    assert "A demonstration." in page
    assert "A demonstration." not in (await client.get("/", role="leader")).text


async def test_a_company_is_in_test_mode_before_its_first_survey(
    database: Database, client: ScorerClient
) -> None:
    await count(database, an_answer(**today(database)))
    assert "Test mode." in (await client.get("/", role="leader")).text


async def test_segments_are_found_by_words(database: Database, client: ScorerClient) -> None:
    for name in ("Aarhus", "Odense"):
        await count(database, an_answer(name, **today(database), segments={"store": name}, organisation=()))
    page = (await client.get("/segments?q=aar", role="leader")).text
    assert "Aarhus" in page
    assert "Odense" not in page


@pytest.mark.parametrize(
    "path", ["/?window=0d", "/segments?segment=x", "/segments?segment=a:b&after=x", "/?path=%00"]
)
async def test_an_address_that_cannot_be_right_is_refused(
    database: Database, client: ScorerClient, path: str
) -> None:
    await count(database, an_answer())
    assert (await client.get(path, role="leader")).status_code in {400, 422}


@pytest.mark.browser
async def test_an_open_page_shows_a_new_answer_without_reload_and_fits_a_phone(
    database: Database, client: ScorerClient, browser: Browser
) -> None:
    await count(database, *(an_answer(f"a{i}", **today(database)) for i in range(40)))
    async with serving(client.app, asyncio.Event()) as origin:
        context = await browser.new_context(viewport={"width": 320, "height": 700})
        await context.add_cookies([{"name": ACCESS_COOKIE, "value": a_pass(database), "url": origin}])
        page = await context.new_page()
        complaints = []
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(origin + "/")
        await eventually(lambda: client.app.state.context.feed._listeners)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await count(database, an_answer("new", **today(database), score=3))
        line = page.locator("#last-answer", has_text=re.compile(r"ago: 3\s*; \+100\.0 → \+95\.1"))
        await eventually(line.count, within=5)
        assert complaints == []
        await context.close()
