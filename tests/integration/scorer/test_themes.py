"""Themes of comments: kept with the answers, changed, matched again, and cleared."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from support.audit import audit_lines
from support.erasing import erase_customer
from support.scorer_builders import DAY, an_answer, count
from support.scorer_client import ScorerClient
from support.themes import (
    FIGURES,
    LATE,
    PLAIN,
    RUDE,
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
from services.scorer.counting_anonymous import AnonymousCounter
from services.scorer.handlers import count as count_in
from services.scorer.repository.retention import RETENTION as RULES
from services.scorer.themes.count_repository import recount_themes
from services.scorer.themes.keeping import MATCHERS, CompanyMatcher, ThemeMatching
from services.scorer.themes.matching import ThemeMatcher
from services.scorer.themes.repository import claim_unmatched
from services.scorer.themes.shipped import SHIPPED, SHIPPED_VERSION
from shared.db.database import Database
from shared.events import RETENTION, TenantRetention
from shared.events.retention import RetentionRules
from shared.health import Health
from shared.permissions import Role
from shared.privacy.retention import Cutoffs
from shared.privacy.retention_loop import RetentionRun
from shared.tenancy.retention import keep_retention


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    async with a_theme_client(database) as client:
        yield client


async def test_a_comment_has_its_themes_as_soon_as_its_answer_counts(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *comments((2, LATE), (3, RUDE), (1, PLAIN), (4, "")))
    await count(database, an_answer("da", comment="Pakken var forsinket", language="da", score=5))
    assert await kept_themes(database) == {
        LATE: ["delivery"],
        RUDE: ["delivery", "staff"],
        PLAIN: [],
        "Pakken var forsinket": ["delivery"],
        "": None,
    }
    assert named_themes(await read_figures(client)) == {"delivery": 3, "staff": 1}
    # An amended comment has other themes, one that is taken back none.
    amended = an_answer("c 0", version=2, score=2, comment="The price was high", language="en")
    await count(database, amended, an_answer("c 1", version=2, score=3, language="en"))
    assert named_themes(await read_figures(client)) == {"price": 1, "delivery": 1}


async def test_what_is_saved_is_matched_again_and_leaves_one_line_in_the_log(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *comments((2, LATE), (3, RUDE), (1, PLAIN)))
    shipped = await read_themes(client)
    assert (shipped["version"], [theme["id"] for theme in shipped["themes"]]) == (
        SHIPPED.version,
        [theme.id for theme in SHIPPED.themes],
    )
    themes = [*shipped["themes"][:1], a_theme_body("taste", "stale*", cause="product.quality")]
    assert await save(client, themes, SHIPPED_VERSION) == 200
    saved = await read_themes(client)
    assert saved["version"] == SHIPPED_VERSION + 1
    assert saved["themes"] == [{**theme, "cause": theme["cause"]} for theme in themes]
    waiting = await read_figures(client)
    assert (waiting["version"], waiting["waiting"], named_themes(waiting)) == (
        SHIPPED_VERSION + 1,
        3,
        {"delivery": 2},
    )
    await match_all(database)
    assert await kept_themes(database) == {LATE: ["delivery"], RUDE: ["delivery"], PLAIN: ["taste"]}
    after = await read_figures(client)
    assert (after["waiting"], named_themes(after)) == (0, {"delivery": 2, "taste": 1})
    (line,) = await audit_lines(database)
    assert (line.act, "stale" in str(line)) == ("themes", False)
    # What is kept now is matched by the new version at once.
    await count(database, *comments((0, "Stale, and a rude man"), name="later"))
    assert (await read_figures(client))["waiting"] == 0


async def test_the_same_again_changes_nothing_and_an_older_version_is_refused(
    database: Database, client: ScorerClient
) -> None:
    shipped = await read_themes(client)
    assert await save(client, shipped["themes"], 0) == 200
    assert (await read_themes(client))["version"] == SHIPPED_VERSION
    themes = [a_theme_body("taste", "stale*")]
    assert await save(client, themes, 0) == 409
    assert await save(client, themes, SHIPPED_VERSION) == 200
    assert await save(client, themes, SHIPPED_VERSION) == 200, "the same request, sent again"
    assert await save(client, [a_theme_body("smell", "smell*")], SHIPPED_VERSION) == 409
    assert (await read_themes(client))["version"] == SHIPPED_VERSION + 1
    assert len(await audit_lines(database)) == 1


async def test_of_two_who_save_at_once_one_is_told(database: Database, client: ScorerClient) -> None:
    for version in (SHIPPED_VERSION, SHIPPED_VERSION + 1):
        statuses = await asyncio.gather(
            *(
                save(client, [a_theme_body(f"taste-{version}-{number}", "stale*")], version)
                for number in range(4)
            )
        )
        assert sorted(statuses) == [200, 409, 409, 409]
    assert len(await audit_lines(database)) == 2


async def test_a_theme_that_we_ship_has_its_name_in_the_readers_language_until_it_is_renamed(
    client: ScorerClient,
) -> None:
    english = await read_themes(client, language="en")
    danish = await read_themes(client, language="da")
    assert english["themes"][0]["name"] == "Delivery"
    assert danish["themes"][0]["name"] == "Levering"
    own = [{**english["themes"][0], "stems": {"en": ["parcel*"]}}, {**english["themes"][1], "name": "Cost"}]
    assert await save(client, own, SHIPPED_VERSION) == 200
    names = [theme["name"] for theme in (await read_themes(client, language="da"))["themes"]]
    assert names == ["Levering", "Cost"]


@pytest.mark.parametrize(
    ("theme", "field"),
    [
        (a_theme_body("taste", "a"), "/themes/1/stems/en/0"),
        (a_theme_body("taste", "ok*", "a*b"), "/themes/1/stems/en/1"),
        (a_theme_body("taste", "x" * 61), "/themes/1/stems/en/0"),
        (a_theme_body("taste", *(f"ab{number}" for number in range(201))), "/themes/1/stems/en"),
        (a_theme_body("Taste", "ab"), "/themes/1/id"),
        (a_theme_body("first", "ab", name="Another"), "/themes/1/id"),
        (a_theme_body("taste", "ab", name=""), "/themes/1/name"),
        (a_theme_body("taste", "ab", cause="weather"), "/themes/1/cause"),
        (a_theme_body("taste", "ab", stems={"la": ["ab"]}), "/themes/1/stems/la"),
        (a_theme_body("taste", "ab", regex="a+"), "/themes/1/regex"),
    ],
)
async def test_what_cannot_be_is_refused_at_its_place_and_nothing_is_tried(
    client: ScorerClient, theme: dict[str, Any], field: str
) -> None:
    themes = [a_theme_body("first", "ab"), theme]
    for method, path, body in (
        ("PUT", "/v1/themes", {"version": SHIPPED_VERSION, "themes": themes}),
        ("POST", "/v1/themes/trial", {"themes": themes}),
    ):
        answer = await client.send(method, path, body)
        assert answer.status_code == 422, answer.text
        assert [error["field"].removesuffix("/[key]") for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("role", ["admin", "editor", "leader", "agent", "analyst"])
async def test_editors_and_administrators_change_themes_and_everybody_reads_them(
    client: ScorerClient, role: Role
) -> None:
    edits = role in {"admin", "editor"}
    assert (await client.get("/v1/themes", role=role)).status_code == 200
    assert (await client.get(FIGURES, role=role)).status_code == 200
    page = await client.get("/themes", role=role)
    assert (page.status_code, "<textarea" in page.text) == (200, edits)
    draft = {"themes": [a_theme_body("taste", "stale*")]}
    refused = 200 if edits else 403
    assert (await client.send("POST", "/v1/themes/trial", draft, role=role)).status_code == refused
    assert await save(client, draft["themes"], SHIPPED_VERSION, role=role) == refused
    form = {"act": "save", "version": str(SHIPPED_VERSION + 1)}
    assert (await client.send("POST", "/themes", form=form, role=role)).status_code == (303 if edits else 404)


async def test_companies_have_themes_of_their_own(database: Database, client: ScorerClient) -> None:
    await count(database, *comments((2, PLAIN)))
    await count(database, *comments((2, PLAIN)), tenant="other")
    assert await save(client, [a_theme_body("taste", "stale*")], SHIPPED_VERSION) == 200
    await match_all(database)
    assert named_themes(await read_figures(client)) == {"taste": 1}
    assert named_themes(await read_figures(client, tenant="other")) == {}
    assert await kept_themes(database, "other") == {PLAIN: []}
    assert (await read_themes(client, tenant="other"))["version"] == SHIPPED_VERSION


async def test_anonymous_comments_count_once_their_bundle_does_and_lose_their_themes_with_their_words(
    database: Database, client: ScorerClient
) -> None:
    waiting = comments(*[(2, LATE)] * 5, anonymous=True)
    for answer in waiting[:4]:
        await count(database, answer)
    await AnonymousCounter(database, Health("scorer"), count_in).step()
    assert (await read_figures(client))["n"] == 0
    await count(database, waiting[4])
    await AnonymousCounter(database, Health("scorer"), count_in).step()
    assert named_themes(await read_figures(client)) == {"delivery": 5}
    await count(database, an_answer("c 0", version=2, score=2, anonymous=True, comment=None))
    assert named_themes(await read_figures(client)) == {"delivery": 4}
    await match_all(database)
    assert named_themes(await read_figures(client)) == {"delivery": 4}


async def test_an_erasure_clears_the_themes_with_the_comment(
    database: Database, client: ScorerClient
) -> None:
    await count(database, an_answer("kim", score=2, comment=LATE, language="en", customer_id="kim"))
    await count(database, *comments((2, LATE)))
    await erase_customer(SERVICE, database, "acme", "kim")
    assert await kept_themes(database) == {"": None, LATE: ["delivery"]}
    body = await read_figures(client)
    assert (body["n"], body["comments"]["n"], named_themes(body)) == (2, 1, {"delivery": 1})


async def test_the_retention_of_comments_leaves_what_they_named(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *comments((2, LATE), day=DAY - timedelta(days=20)))
    await count(database, *comments((3, RUDE), name="young"))
    async with database.transaction() as uow:
        rules = TenantRetention(version=1, changed_at=uow.now, comments=14)
        await keep_retention(uow, [RETENTION.event("acme", rules, uow.now)])
    assert await RetentionRun("scorer", RULES, database, Health("scorer"), asyncio.Event(), 10).remove_all()
    assert await kept_themes(database) == {"": ["delivery"], RUDE: ["delivery", "staff"]}
    assert named_themes(await read_figures(client)) == {"delivery": 2, "staff": 1}


async def test_workers_share_the_comments_that_are_left(database: Database, client: ScorerClient) -> None:
    await count(database, *comments((2, LATE), (3, RUDE), (1, PLAIN)))
    assert await save(client, [a_theme_body("taste", "stale*")], SHIPPED_VERSION) == 200
    async with database.transaction() as uow:
        assert len(await claim_unmatched(uow, "acme", SHIPPED_VERSION + 1, 2)) == 2
        # Another worker takes the one that is left, and waits for nobody.
        matching = ThemeMatching(database, Health("scorer"))
        assert await matching.step() == 0
        assert await matching.step() is None
    await match_all(database)
    assert (await read_figures(client))["waiting"] == 0


async def test_a_company_whose_comments_cannot_be_matched_keeps_no_other_waiting(
    database: Database, client: ScorerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tenant in ("acme", "other"):
        await count(database, *comments((1, PLAIN)), tenant=tenant)
        own_themes = [a_theme_body("taste", "stale*", f"{tenant}*")]
        assert await save(client, own_themes, SHIPPED_VERSION, tenant=tenant) == 200
    usual = ThemeMatcher.themes_of
    own = (await matchers_of_both(database))["acme"].matcher

    def failing(matcher: ThemeMatcher, comment: str, language: str | None) -> tuple[str, ...]:
        if matcher is own:
            raise RuntimeError("an error of ours")
        return usual(matcher, comment, language)

    monkeypatch.setattr(ThemeMatcher, "themes_of", failing)
    await match_all(database)
    assert (await kept_themes(database), await kept_themes(database, "other")) == (
        {PLAIN: []},
        {PLAIN: ["taste"]},
    )
    monkeypatch.setattr(ThemeMatcher, "themes_of", usual)
    await match_all(database)
    assert await kept_themes(database) == {PLAIN: ["taste"]}


async def matchers_of_both(database: Database) -> dict[str, CompanyMatcher]:
    async with database.reading() as uow:
        return await MATCHERS.matchers_of(uow, ["acme", "other"])


async def test_what_comments_named_goes_on_counting_when_their_words_are_removed_for_their_age(
    database: Database, client: ScorerClient
) -> None:
    """Figures of old windows stay what they were; those of an erased customer do not."""
    old = [(2, LATE)] * 12 + [(3, PLAIN)] * 4 + [(9, "")] * 3
    await count(database, *comments(*old))
    await match_all(database)
    before = await read_figures(client)
    assert (before["comments"]["n"], before["covered"]["n"]) == (16, 12)
    cutoffs = Cutoffs("acme", database.clock() + timedelta(days=4_000), RetentionRules(comments=30))
    async with database.transaction() as uow:
        for rule in RULES:
            if rule.kind == "comments":
                await rule.apply(uow, cutoffs, 1_000)
        left = await uow.execute("SELECT count(*) FROM answer WHERE comment IS NOT NULL AND comment <> ''")
        assert left.scalar_one() == 0
        assert await recount_themes(uow, "acme") == []
    assert {**await read_figures(client), "suggestions": None} == {**before, "suggestions": None}
    async with database.transaction() as uow:
        await uow.execute("UPDATE answer SET themes = NULL WHERE score = 2")
        assert await recount_themes(uow, "acme") == []
    assert (await read_figures(client))["comments"]["n"] == 4
