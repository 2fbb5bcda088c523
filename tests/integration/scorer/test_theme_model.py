"""A model that labels comments beside their words: what it is sent and when, what becomes of what it finds."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from support.audit import audit_lines
from support.erasing import erase_customer
from support.eventually import eventually
from support.scorer_builders import DAY, an_answer, count
from support.scorer_client import ScorerClient
from support.servers import serving
from support.theme_model import (
    ADDRESS,
    TOKEN,
    RecordingModel,
    a_loop,
    an_http_client,
    label_all,
    the_example,
)
from support.themes import (
    LATE,
    NOON,
    PLAIN,
    a_theme_body,
    a_theme_client,
    comments,
    kept_themes,
    match_all,
    named_themes,
    read_figures,
    read_themes,
    save,
)

from services.scorer.app import SERVICE
from services.scorer.gauges import measure_themes
from services.scorer.recovery import restore_audited
from services.scorer.themes.count_repository import recount_themes
from services.scorer.themes.model_client import MAX_RETRY_AFTER_S
from services.scorer.themes.model_repository import SENT_FOR, claim_turn, end_turn
from services.scorer.themes.shipped import SHIPPED_VERSION
from shared.db.database import Database
from shared.events import AUDIT
from shared.health import STALE_AFTER_S
from shared.permissions import Role
from shared.telemetry import metrics

HEARD = "Never again."


@pytest.fixture
async def model() -> RecordingModel:
    return RecordingModel()


@pytest.fixture
async def url(model: RecordingModel) -> AsyncIterator[str]:
    async with serving(model, asyncio.Event()) as url:
        yield url


@pytest.fixture
async def client(database: Database, url: str) -> AsyncIterator[ScorerClient]:
    async with a_theme_client(database, theme_model_url=f"{url}/label") as client:
        yield client


async def switch(client: ScorerClient, on: bool, sent_to: str, role: Role = "admin", **given: Any) -> int:
    """Switch it on or off; the status of the answer."""
    body = {"on": on, "sent_to": sent_to}
    return (await client.send("PUT", ADDRESS, body, role=role, **given)).status_code


async def state(client: ScorerClient, **given: Any) -> dict[str, Any]:
    answer = await client.get(ADDRESS, **given)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def found_by_model(database: Database) -> dict[str, list[str] | None]:
    """What a model found in each comment; None: none has labelled it."""
    async with database.reading() as uow:
        rows = await uow.execute("SELECT comment, model_themes FROM answer WHERE tenant = 'acme'")
        return {row.comment or "": row.model_themes for row in rows}


async def differing(database: Database) -> list[Any]:
    """Where the counts of themes are not those of the answers."""
    async with database.reading() as uow:
        return list(await recount_themes(uow, "acme"))


async def test_nothing_is_sent_until_an_administrator_agrees_to_where_it_goes(
    database: Database, client: ScorerClient, model: RecordingModel, url: str
) -> None:
    await count(database, *comments((2, PLAIN)))
    loop = a_loop(database, url)
    await label_all(loop)
    assert await state(client) == {"on": False, "sent_to": url, "agreed_to": None, "waiting": 0}
    assert await switch(client, True, "http://127.0.0.1:1") == 409
    assert await switch(client, True, url, role="editor") == 403
    assert await switch(client, True, url, segments=("organisation:north",)) == 403
    key = await client.send("PUT", ADDRESS, {"on": True, "sent_to": url})
    assert key.status_code == 403, "a key that may write themes lets nothing leave"
    await label_all(loop)
    assert model.bodies == []
    assert await switch(client, True, url) == 200
    assert await state(client) == {"on": True, "sent_to": url, "agreed_to": url, "waiting": 1}
    assert await state(client, tenant="other") == {
        "on": False,
        "sent_to": url,
        "agreed_to": None,
        "waiting": 0,
    }
    await count(database, *comments((2, PLAIN)), tenant="other")
    await label_all(loop)
    assert model.texts == [[PLAIN]], "of this company alone"
    assert await switch(client, True, url) == 200
    assert [line.facts for line in await audit_lines(database)] == [{"model": True}]
    # A model that is somewhere else by now gets nothing: nobody agreed to that.
    await count(database, *comments((2, "stale again"), name="later"))
    elsewhere = RecordingModel()
    async with serving(elsewhere, asyncio.Event()) as moved:
        await label_all(a_loop(database, moved))
    assert elsewhere.bodies == []
    assert await switch(client, False, "") == 200
    assert (await state(client))["waiting"] == 0
    await count(database, *comments((2, "stale once more"), name="last"))
    await label_all(loop)
    assert len(model.bodies) == 1
    assert [line.facts for line in await audit_lines(database)] == [{"model": True}, {"model": False}]


async def test_a_request_has_the_comment_its_language_and_the_themes_and_says_nothing_of_whose_it_is(
    database: Database, client: ScorerClient, model: RecordingModel, url: str
) -> None:
    await switch(client, True, url)
    answer = an_answer("a", score=2, comment=PLAIN, language="en", customer_id="customer-7")
    await count(database, answer, *comments((2, ""), name="empty"))
    await label_all(a_loop(database, url))
    (body,), (headers,) = model.bodies, model.headers
    assert body.keys() == {"version", "comments", "themes"}
    (comment,) = body["comments"]
    assert comment == {"id": comment["id"], "language": "en", "text": PLAIN}
    assert UUID(comment["id"]) != answer.id
    assert headers["authorization"] == f"Bearer {TOKEN}"
    delivery = next(theme for theme in body["themes"] if theme["id"] == "delivery")
    assert (delivery["name"], set(delivery)) == ("Delivery", {"id", "name", "words"})
    assert set(delivery["words"]) == {"en", "da", "nl"}


async def test_what_the_model_finds_is_added_to_the_words_and_counts_and_is_audited_like_them(
    database: Database, client: ScorerClient, model: RecordingModel, url: str
) -> None:
    model.by_word = {"Rude": "price", "stale": "product", "late": "no such theme"}
    await count(database, *comments((2, "Rude staff"), (1, PLAIN), (9, LATE), (3, HEARD)))
    await switch(client, True, url)
    await label_all(a_loop(database, url, most_comments=2))
    assert [len(texts) for texts in model.texts] == [2, 2]
    assert await kept_themes(database) == {
        "Rude staff": ["price", "staff"],
        PLAIN: ["product"],
        LATE: ["delivery"],
        HEARD: [],
    }
    found = {"Rude staff": ["price"], PLAIN: ["product"], LATE: [], HEARD: []}
    assert await found_by_model(database) == found
    expected = {"price": 1, "staff": 1, "product": 1, "delivery": 1}
    assert named_themes(await read_figures(client)) == expected
    assert await differing(database) == []
    # What it found stays when it is off, also when the same answers come again.
    await switch(client, False, "")
    await count(database, *comments((2, "Rude staff"), (1, PLAIN), (9, LATE), (3, HEARD)))
    assert named_themes(await read_figures(client)) == expected
    assert len(model.bodies) == 2


async def test_the_example_finds_what_is_misspelt(database: Database) -> None:
    with the_example() as url:
        async with an_http_client() as http:

            async def answers() -> bool:
                try:
                    return (await http.post(url, content=b"{}")).status_code == 401
                except httpx.TransportError:
                    return False

            await eventually(answers)
        async with a_theme_client(database, theme_model_url=f"{url}/label") as client:
            await switch(client, True, url)
            misspelt = "The delivrey was odd"
            await count(database, *comments((2, misspelt), (2, HEARD)))
            assert await kept_themes(database) == {misspelt: [], HEARD: []}
            await label_all(a_loop(database, url, token="a-token-of-somebody"))
            assert await found_by_model(database) == {misspelt: None, HEARD: None}
            await label_all(a_loop(database, url))
            assert await kept_themes(database) == {misspelt: ["delivery"], HEARD: []}
            assert await differing(database) == []


@pytest.mark.parametrize("status", [302, 401, 404, 429, 500, 503])
async def test_while_the_model_is_away_words_name_themes_and_comments_wait(
    database: Database, client: ScorerClient, model: RecordingModel, url: str, status: int
) -> None:
    await switch(client, True, url)
    model.status = status
    await count(database, *comments((2, LATE), (2, PLAIN)))
    loop = a_loop(database, url)
    away = metrics.THEME_MODEL_REQUESTS.labels("away")
    before = away._value.get()
    pause = await loop.step()
    assert pause is not None
    assert 0 < pause < STALE_AFTER_S
    model.answers_with = {"retry-after": "3600"}
    assert await a_loop(database, url).step() == MAX_RETRY_AFTER_S < STALE_AFTER_S
    assert away._value.get() == before + 2
    assert loop.health.unready() == [], "nobody is unready for it"
    assert named_themes(await read_figures(client)) == {"delivery": 1}
    async with database.reading() as uow:
        await measure_themes(uow)
    assert metrics.THEME_MODEL_WAITING._value.get() == 2
    model.status = 200
    await label_all(loop)
    assert named_themes(await read_figures(client)) == {"delivery": 1, "product": 1}
    assert (await state(client))["waiting"] == 0


async def test_a_comment_for_which_the_model_has_no_answer_keeps_no_other_from_its_turn(
    database: Database, client: ScorerClient, model: RecordingModel, url: str
) -> None:
    await switch(client, True, url)
    model.refuses = "poison"
    await count(database, *comments(*((2, f"stale {n}") for n in range(6)), (2, "stale poison")))
    loop = a_loop(database, url)
    for _ in range(30):
        if await loop.step() is None:
            break
    found = await found_by_model(database)
    assert found.pop("stale poison") is None
    assert set(map(tuple, (each or [] for each in found.values()))) == {("product",)}
    assert (await state(client))["waiting"] == 0
    assert loop.size > 1


@pytest.mark.parametrize("change", ["amended", "erased", "switched off", "themes saved"])
async def test_what_changed_while_the_model_answered_is_not_overwritten(
    database: Database, client: ScorerClient, model: RecordingModel, url: str, change: str
) -> None:
    await switch(client, True, url)
    first = an_answer("a", score=2, comment=PLAIN, language="en", customer_id="c")
    await count(database, first)
    amended = an_answer("a", score=2, comment=HEARD, language="en", customer_id="c", version=2)

    async def changed() -> None:
        model.meanwhile = None
        match change:
            case "amended":
                await count(database, amended)
            case "erased":
                await erase_customer(SERVICE, database, "acme", "c")
            case "switched off":
                assert await switch(client, False, "") == 200
            case _:
                assert await save(client, [a_theme_body("taste", "nothing*")], SHIPPED_VERSION) == 200
                await match_all(database)

    model.meanwhile = changed
    await a_loop(database, url).step()
    left = {"amended": {HEARD: []}, "erased": {"": None}}.get(change, {PLAIN: []})
    assert await kept_themes(database) == left
    assert set((await found_by_model(database)).values()) == {None}
    assert await differing(database) == []
    # What is there now is sent in its turn, where it may be.
    await label_all(a_loop(database, url))
    assert len(model.bodies) == (2 if change in {"amended", "themes saved"} else 1)


async def test_when_themes_change_what_the_model_found_stays_until_it_has_labelled_with_the_new_ones(
    database: Database, client: ScorerClient, model: RecordingModel, url: str
) -> None:
    await switch(client, True, url)
    model.by_word = {"stale": "product", "So": "price"}
    await count(database, *comments((2, PLAIN)))
    await label_all(a_loop(database, url))
    assert await kept_themes(database) == {PLAIN: ["price", "product"]}
    shipped = (await read_themes(client))["themes"]
    left = [
        {name: value for name, value in theme.items() if name != "name"}
        for theme in shipped
        if theme["id"] != "price"
    ]
    assert await save(client, left, SHIPPED_VERSION) == 200
    await label_all(a_loop(database, url))
    assert len(model.bodies) == 1, "with the present themes, once they have matched it"
    await match_all(database)
    assert await kept_themes(database) == {PLAIN: ["product"]}
    assert await differing(database) == []
    model.by_word = {"So": "wait"}
    await label_all(a_loop(database, url))
    assert {theme["id"] for theme in model.bodies[-1]["themes"]} == {theme["id"] for theme in left}
    assert await kept_themes(database) == {PLAIN: ["wait"]}
    assert await differing(database) == []


async def test_erasure_leaves_nothing_of_what_the_model_found(
    database: Database, client: ScorerClient, model: RecordingModel, url: str
) -> None:
    await switch(client, True, url)
    await count(database, an_answer("a", score=2, comment=PLAIN, language="en", customer_id="c"))
    await label_all(a_loop(database, url))
    await count(database, an_answer("b", score=2, comment=PLAIN, language="en", customer_id="c"))
    await erase_customer(SERVICE, database, "acme", "c")
    assert await found_by_model(database) == {"": None}
    await label_all(a_loop(database, url))
    assert len(model.bodies) == 1
    assert (await state(client))["waiting"] == 0
    assert await differing(database) == []


async def test_comments_of_the_last_90_days_are_sent_and_older_ones_wait_no_more(
    database: Database, client: ScorerClient, model: RecordingModel, url: str
) -> None:
    long_ago = DAY - SENT_FOR - timedelta(days=1)
    await count(database, *comments((2, "long ago"), name="old", day=long_ago), *comments((2, PLAIN)))
    await count(database, *comments((None, "a click"), name="click", state="clicked"))  # type: ignore[arg-type]
    await switch(client, True, url)
    assert (await state(client))["waiting"] == 1
    await count(database, *comments((2, "came late"), name="late", day=long_ago))
    await label_all(a_loop(database, url))
    assert model.texts == [[PLAIN]]
    assert (await state(client))["waiting"] == 0


async def test_of_several_workers_one_sends_the_comments_of_a_company(
    database: Database, client: ScorerClient, url: str
) -> None:
    await switch(client, True, url)
    await count(database, *comments((2, PLAIN)))
    until = NOON + timedelta(minutes=1)
    async with database.transaction() as uow:
        assert await claim_turn(uow, url, until, []) == "acme"
        async with database.transaction() as other:
            assert await claim_turn(other, url, until, []) is None
    async with database.transaction() as uow:
        assert await claim_turn(uow, url, until, []) is None
    # One that did not come back keeps it for a minute; then it is another's, which the first does not end.
    database.clock = lambda: until
    async with database.transaction() as uow:
        assert await claim_turn(uow, url, until + timedelta(minutes=1), []) == "acme"
        await end_turn(uow, "acme", until)
        assert await claim_turn(uow, url, until, []) is None
        await end_turn(uow, "acme", until + timedelta(minutes=1))
        assert await claim_turn(uow, url, until, ["acme"]) is None
        assert await claim_turn(uow, url, until, []) == "acme"
    database.clock = lambda: NOON


async def test_after_a_restore_what_was_switched_off_since_stays_off(
    database: Database, client: ScorerClient, url: str
) -> None:
    await switch(client, True, url)
    await switch(client, False, "")
    lines = [AUDIT.event("acme", line, NOON) for line in await audit_lines(database)]
    # As the backup has it.
    await switch(client, True, url)
    async with database.transaction() as uow:
        await restore_audited(uow, lines)
    assert (await state(client))["agreed_to"] is None
    # Switched on once more behind that line: it is on.
    database.clock = lambda: NOON + timedelta(hours=1)
    await switch(client, True, url)
    async with database.transaction() as uow:
        await restore_audited(uow, lines)
    assert (await state(client))["on"]
    database.clock = lambda: NOON


async def test_the_page_says_where_comments_go_and_administrators_switch_it(
    database: Database, client: ScorerClient, url: str
) -> None:
    page = (await client.get("/themes", role="editor")).text
    assert url in page
    assert "Send comments to this model" not in page
    page = (await client.get("/themes", role="admin")).text
    assert "No comment is sent to a model." in page
    await count(database, *comments((2, PLAIN)))
    sent = await client.send("POST", "/themes/model", form={"act": "on", "sent_to": url}, role="admin")
    assert (sent.status_code, sent.headers["location"]) == (
        303,
        "/themes?measurement=transactional&did=model_on",
    )
    page = (await client.get("/themes", role="admin", did="model_on")).text
    assert "Comments are sent to a model as well." in page
    assert "1 comment waits for the model." in page
    assert "Comments are sent to the model from now on." in page
    other = await client.send(
        "POST", "/themes/model", form={"act": "on", "sent_to": "http://x"}, role="admin"
    )
    assert other.status_code == 409
    refused = await client.send("POST", "/themes/model", form={"act": "on", "sent_to": url}, role="editor")
    assert refused.status_code == 404
    assert (await client.send("POST", "/themes/model", form={"act": "off"}, role="admin")).status_code == 303
    assert not (await state(client))["on"]


async def test_without_a_model_no_loop_runs_and_the_page_says_nothing_of_one(database: Database) -> None:
    async with a_theme_client(database) as client:
        assert "/themes/model" not in (await client.get("/themes", role="admin")).text
        assert (await state(client))["sent_to"] is None
        assert await switch(client, True, "") == 409
