"""Themes of comments: kept with the answers, changed, tried, counted, matched again, and cleared."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.audit import audit_lines
from support.erasing import erase_customer
from support.examples import examples
from support.scorer_builders import DAY, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.themes import NOON, a_theme_body, comments, kept_themes, match_all, read_themes, save

from services.scorer.app import SERVICE
from services.scorer.counting_anonymous import AnonymousCounter
from services.scorer.domain import Groups
from services.scorer.handlers import count as count_in
from services.scorer.repository.retention import RETENTION as RULES
from services.scorer.themes.impact import impact_of
from services.scorer.themes.keeping import MATCHERS, ThemeMatching
from services.scorer.themes.matching import ThemeMatcher
from services.scorer.themes.repository import claim_unmatched
from services.scorer.themes.shipped import SHIPPED
from shared.db.database import Database
from shared.events import RETENTION, TenantRetention
from shared.events.nps import group_of
from shared.events.people import People
from shared.health import Health
from shared.permissions import Role
from shared.privacy.retention_loop import RetentionRun
from shared.tenancy.retention import keep_retention
from shared.values.proportions import wilson

SCOPES = ("scores:read", "surveys:write", "answers:read")
FIGURES = "/v1/themes/figures"
LATE, RUDE, PLAIN = "The parcel was late", "Rude staff, and the parcel was wet", "So stale"


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOON
    tenants = a_tenant("acme", "Europe/Copenhagen", *SCOPES), a_tenant("other", "UTC", *SCOPES)
    async with a_scorer_client(database, *tenants) as client:
        yield client


async def figures(client: ScorerClient, **query: Any) -> dict[str, Any]:
    answer = await client.get(FIGURES, **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def named(body: dict[str, Any]) -> dict[str, int]:
    return {theme["id"]: theme["n"] for theme in body["themes"] if theme["n"]}


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
    assert named(await figures(client)) == {"delivery": 3, "staff": 1}
    # An amended comment has other themes, one that is taken back none.
    amended = an_answer("c 0", version=2, score=2, comment="The price was high", language="en")
    await count(database, amended, an_answer("c 1", version=2, score=3, language="en"))
    assert named(await figures(client)) == {"price": 1, "delivery": 1}


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
    assert await save(client, themes, 1) == 200
    saved = await read_themes(client)
    assert saved["version"] == 2
    assert saved["themes"] == [{**theme, "cause": theme["cause"]} for theme in themes]
    waiting = await figures(client)
    assert (waiting["version"], waiting["waiting"], named(waiting)) == (2, 3, {"delivery": 2})
    await match_all(database)
    assert await kept_themes(database) == {LATE: ["delivery"], RUDE: ["delivery"], PLAIN: ["taste"]}
    after = await figures(client)
    assert (after["waiting"], named(after)) == (0, {"delivery": 2, "taste": 1})
    (line,) = await audit_lines(database)
    assert (line.act, "stale" in str(line)) == ("themes", False)
    # What is kept now is matched by the new version at once.
    await count(database, *comments((0, "Stale, and a rude man"), name="later"))
    assert (await figures(client))["waiting"] == 0


async def test_the_same_again_changes_nothing_and_an_older_version_is_refused(
    database: Database, client: ScorerClient
) -> None:
    shipped = await read_themes(client)
    assert await save(client, shipped["themes"], 0) == 200
    assert (await read_themes(client))["version"] == 1
    themes = [a_theme_body("taste", "stale*")]
    assert await save(client, themes, 0) == 409
    assert await save(client, themes, 1) == 200
    assert await save(client, themes, 1) == 200, "the same request, sent again"
    assert await save(client, [a_theme_body("smell", "smell*")], 1) == 409
    assert (await read_themes(client))["version"] == 2
    assert len(await audit_lines(database)) == 1


async def test_of_two_who_save_at_once_one_is_told(database: Database, client: ScorerClient) -> None:
    for version in (1, 2):
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
    assert await save(client, own, 1) == 200
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
        ("PUT", "/v1/themes", {"version": 1, "themes": themes}),
        ("POST", "/v1/themes/trial", {"themes": themes}),
    ):
        answer = await client.send(method, path, body)
        assert answer.status_code == 422, answer.text
        assert [error["field"].removesuffix("/[key]") for error in answer.json()["errors"]] == [field]


async def test_a_trial_tells_what_a_draft_finds_and_stores_nothing(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *comments((2, LATE), (9, "Stale but nice"), (1, PLAIN), (4, ""), (3, "Dust")))
    await count(database, *comments((2, "Stale"), name="old", day=DAY - timedelta(days=40)))
    before = await kept_themes(database)
    draft = {"themes": [a_theme_body("taste", "stale*"), a_theme_body("nothing", "xyz")], "days": 30}
    answer = await client.send("POST", "/v1/themes/trial", draft)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert {name: body[name] for name in ("comments", "detractors", "complete")} == {
        "comments": 4,
        "detractors": 3,
        "complete": True,
    }
    assert (body["uncovered"], body["uncovered_detractors"]) == (2, 2)
    taste, nothing = body["themes"]
    assert (taste["n"], taste["detractors"], nothing["n"]) == (2, 1, 0)
    assert {example["comment"] for example in taste["examples"]} == {PLAIN, "Stale but nice"}
    assert {example["comment"] for example in body["uncovered_examples"]} == {LATE, "Dust"}
    assert (await kept_themes(database), (await read_themes(client))["version"]) == (before, 1)
    assert await audit_lines(database) == []


async def test_a_key_that_may_not_read_answers_sees_numbers_and_no_words(
    database: Database, client: ScorerClient
) -> None:
    async with a_scorer_client(database, a_tenant("birch", "UTC", "scores:read", "surveys:write")) as other:
        await count(database, *comments((2, LATE), (1, PLAIN)), tenant="birch")
        draft = {"themes": [a_theme_body("taste", "stale*")]}
        body = (await other.send("POST", "/v1/themes/trial", draft, tenant="birch")).json()
        assert (body["themes"][0]["n"], body["themes"][0]["examples"]) == (1, None)
        assert body["uncovered_examples"] is None
        assert (await figures(other, tenant="birch"))["suggestions"] is None
    assert (await figures(client))["suggestions"] == []


rows = st.lists(
    st.tuples(
        st.integers(0, 10),
        st.sampled_from(["", LATE, RUDE, PLAIN, "The price", "A refund for the parcel"]),
        st.sampled_from([0, 1, 40]),
        st.sampled_from(["checkout", "desk"]),
        st.sampled_from(["transactional", "relational"]),
    ),
    max_size=60,
)


@settings(
    max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows)
async def test_the_figures_are_what_counting_one_by_one_comes_to(
    database: Database, client: ScorerClient, given_rows: list[tuple[int, str, int, str, str]]
) -> None:
    async with database.transaction() as uow:
        for table in ("answer", "day_count", "week_count", "segment", "dimension"):
            await uow.execute(f"DELETE FROM {table}")
    answers = [
        an_answer(
            f"r{number}",
            score=score,
            comment=comment or None,
            language="en",
            day=DAY - timedelta(days=days),
            segments={"touchpoint": touchpoint},
            touchpoint=touchpoint,
            measurement=measurement,
        )
        for number, (score, comment, days, touchpoint, measurement) in enumerate(given_rows)
    ]
    await count(database, *answers)
    matcher = ThemeMatcher(SHIPPED.themes)
    for segment in ("", "touchpoint:desk"):
        body = await figures(client, window="30d", measurement="transactional", segment=segment)
        own = [
            (score, matcher.themes_of(comment, "en"), bool(comment))
            for score, comment, days, touchpoint, measurement in given_rows
            if days < 30 and measurement == "transactional" and (not segment or touchpoint == "desk")
        ]
        wrote = [row for row in own if row[2]]
        unhappy = [row for row in wrote if row[0] <= 6]
        assert body["n"] == len(own)
        assert body["comments"] == {"n": len(wrote), "detractors": len(unhappy)}
        assert body["covered"]["n"] == sum(bool(themes) for _, themes, _ in wrote)
        for theme in body["themes"]:
            naming = [score for score, themes, _ in wrote if theme["id"] in themes]
            part = sum(score <= 6 for score in naming)
            assert (theme["n"], theme["detractors"]) == (len(naming), part)
            if len(unhappy) < 10:
                assert theme["share"] is None
            else:
                low, high = wilson(part, len(unhappy))
                assert theme["share"] == {
                    "share": pytest.approx(part / len(unhappy)),
                    "level": 0.95,
                    "low": pytest.approx(low),
                    "high": pytest.approx(high),
                }
            impact = impact_of(groups_of(naming), groups_of([score for score, _, _ in own]))
            assert theme["impact"] == (None if impact is None else pytest.approx(float(impact)))
        assert [theme["detractors"] for theme in body["themes"]] == sorted(
            (theme["detractors"] for theme in body["themes"]), reverse=True
        )


def groups_of(scores: list[int]) -> Groups:
    kinds = [group_of(score) for score in scores]
    return Groups(*(kinds.count(kind) for kind in ("detractor", "passive", "promoter")))


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({"window": "7d"}, ("2026-11-14", "2026-11-20")),
        ({"from": "2026-11-01"}, ("2026-11-01", "2026-11-20")),
        ({"from": "2026-11-01", "to": "2026-11-03"}, ("2026-11-01", "2026-11-03")),
        ({"window": "2d", "to": "2026-11-03"}, ("2026-11-02", "2026-11-03")),
    ],
)
async def test_the_window_is_so_many_days_or_from_one_day_to_another(
    client: ScorerClient, query: dict[str, str], days: tuple[str, str]
) -> None:
    window = (await figures(client, **query))["window"]
    assert (window["from"], window["until"]) == days


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"window": "7"}, "window"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-11-03", "to": "2026-11-01"}, "to"),
        ({"from": "2026-11-03", "to": "x"}, "to"),
        ({"segment": "x"}, "segment"),
    ],
)
async def test_a_window_that_is_none_is_refused(
    client: ScorerClient, query: dict[str, Any], field: str
) -> None:
    answer = await client.get(FIGURES, **query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_a_reader_sees_the_comments_of_their_own_segments_alone(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *comments((2, LATE), organisation=("north", "sales")))
    await count(database, *comments((2, "Rude staff"), name="s", organisation=("south",)))
    own: dict[str, Any] = {"role": "analyst", "segments": ("organisation:north",)}
    assert named(await figures(client, segment="organisation:north", **own)) == {"delivery": 1}
    for segment in ("", "organisation:south", "touchpoint:checkout"):
        assert (await client.get(FIGURES, segment=segment, **own)).status_code == 404, segment
    page = (await client.get("/themes", **own)).text
    assert "Delivery is named most: by 1 of the 1 unhappy customer" in page
    editor: dict[str, Any] = {"role": "editor", "segments": ("organisation:north",)}
    body = {"themes": [a_theme_body("any", "*ar*")], "segment": "organisation:south"}
    assert (await client.send("POST", "/v1/themes/trial", body, **editor)).status_code == 404
    tried = await client.send("POST", "/v1/themes/trial", {**body, "segment": "organisation:north"}, **editor)
    assert tried.json()["comments"] == 1
    # The themes are those of the whole company.
    assert await save(client, [a_theme_body("any", "any")], 1, **editor) == 403


async def test_comments_about_a_single_employee_are_not_counted_for_anybody(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *comments((2, LATE), segments={"agent": "ida"}))
    roles: tuple[Role | None, ...] = (None, "admin", "leader")
    for role in roles:
        assert (await client.get(FIGURES, segment="agent:ida", role=role)).status_code == 404
    assert People().shown is False


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
    assert await save(client, draft["themes"], 1, role=role) == refused
    form = {"act": "save", "version": "2"}
    assert (await client.send("POST", "/themes", form=form, role=role)).status_code == (303 if edits else 404)


async def test_companies_have_themes_of_their_own(database: Database, client: ScorerClient) -> None:
    await count(database, *comments((2, PLAIN)))
    await count(database, *comments((2, PLAIN)), tenant="other")
    assert await save(client, [a_theme_body("taste", "stale*")], 1) == 200
    await match_all(database)
    assert named(await figures(client)) == {"taste": 1}
    assert named(await figures(client, tenant="other")) == {}
    assert await kept_themes(database, "other") == {PLAIN: []}
    assert (await read_themes(client, tenant="other"))["version"] == 1


async def test_anonymous_comments_count_once_their_bundle_does_and_lose_their_themes_with_their_words(
    database: Database, client: ScorerClient
) -> None:
    waiting = comments(*[(2, LATE)] * 5, anonymous=True)
    for answer in waiting[:4]:
        await count(database, answer)
    await AnonymousCounter(database, Health("scorer"), count_in).step()
    assert (await figures(client))["n"] == 0
    await count(database, waiting[4])
    await AnonymousCounter(database, Health("scorer"), count_in).step()
    assert named(await figures(client)) == {"delivery": 5}
    await count(database, an_answer("c 0", version=2, score=2, anonymous=True, comment=None))
    assert named(await figures(client)) == {"delivery": 4}
    await match_all(database)
    assert named(await figures(client)) == {"delivery": 4}


async def test_an_erasure_clears_the_themes_with_the_comment(
    database: Database, client: ScorerClient
) -> None:
    await count(database, an_answer("kim", score=2, comment=LATE, language="en", customer_id="kim"))
    await count(database, *comments((2, LATE)))
    await erase_customer(SERVICE, database, "acme", "kim")
    assert await kept_themes(database) == {"": None, LATE: ["delivery"]}
    body = await figures(client)
    assert (body["n"], body["comments"]["n"], named(body)) == (2, 1, {"delivery": 1})


async def test_the_retention_of_comments_clears_their_themes(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *comments((2, LATE), day=DAY - timedelta(days=20)))
    await count(database, *comments((3, RUDE), name="young"))
    async with database.transaction() as uow:
        rules = TenantRetention(version=1, changed_at=uow.now, comments=14)
        await keep_retention(uow, [RETENTION.event("acme", rules, uow.now)])
    assert await RetentionRun("scorer", RULES, database, Health("scorer"), asyncio.Event(), 10).remove_all()
    assert await kept_themes(database) == {"": None, RUDE: ["delivery", "staff"]}
    assert named(await figures(client)) == {"delivery": 1, "staff": 1}


async def test_workers_share_the_comments_that_are_left(database: Database, client: ScorerClient) -> None:
    await count(database, *comments((2, LATE), (3, RUDE), (1, PLAIN)))
    assert await save(client, [a_theme_body("taste", "stale*")], 1) == 200
    async with database.transaction() as uow:
        assert len(await claim_unmatched(uow, "acme", 2, 2)) == 2
        # Another worker takes the one that is left, and waits for nobody.
        matching = ThemeMatching(database, Health("scorer"))
        assert await matching.step() == 0
        assert await matching.step() is None
    await match_all(database)
    assert (await figures(client))["waiting"] == 0


async def test_a_company_whose_comments_cannot_be_matched_keeps_no_other_waiting(
    database: Database, client: ScorerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tenant in ("acme", "other"):
        await count(database, *comments((1, PLAIN)), tenant=tenant)
        assert await save(client, [a_theme_body("taste", "stale*", f"{tenant}*")], 1, tenant=tenant) == 200
    usual = ThemeMatcher.themes_of
    own = (await matchers_of_both(database))["acme"][1]

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


async def matchers_of_both(database: Database) -> dict[str, tuple[int, ThemeMatcher]]:
    async with database.reading() as uow:
        return await MATCHERS.matchers_of(uow, ["acme", "other"])


async def test_words_of_comments_that_name_nothing_are_suggested_and_added_by_one_button(
    database: Database, client: ScorerClient
) -> None:
    unhappy = [(2, f"Tasted stale {'x' * (number % 9 + 2)}") for number in range(200)]
    happy = [(9, f"A fine lamp {'y' * (number % 9 + 2)}") for number in range(200)]
    await count(database, *comments(*unhappy, *happy))
    words = {each["word"]: each for each in (await figures(client))["suggestions"]}
    assert {"stale", "tasted", "tasted stale"} <= set(words)
    assert (words["stale"]["uncovered"], words["stale"]["others"], words["stale"]["language"]) == (
        200,
        0,
        "en",
    )
    page = (await client.get("/themes", role="editor")).text
    assert 'name="add" value="en|stale"' in page
    form = {"version": "1", "id_4": "taste", "name_4": "Taste", "stems_4_en": "bland", "add_to": "4"}
    added = await client.send("POST", "/themes", form={**form, "add": "en|stale"}, role="editor")
    assert (added.status_code, "bland\nstale*</textarea>" in added.text) == (200, True)
    assert (await read_themes(client))["version"] == 1


async def test_the_page_tries_saves_and_says_what_is_wrong_beside_what_was_typed(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *comments((2, PLAIN), (3, LATE)))
    typed = {"version": "1", "id_0": "", "name_0": "Taste", "stems_0_en": "stale*\nbland"}
    tried = await client.send("POST", "/themes", form={**typed, "act": "try"}, role="editor")
    assert "Tried on 2 comments: 1 name a theme, 1 none." in tried.text
    assert PLAIN in tried.text
    assert (await read_themes(client))["version"] == 1
    bad = {**typed, "stems_0_en": "stale*\nb", "act": "save"}
    for act in ("save", "try"):
        refused = await client.send("POST", "/themes", form={**bad, "act": act}, role="editor")
        assert refused.status_code == 422
        assert 'href="#stems_0_en"' in refused.text
        assert "stale*\nb</textarea>" in refused.text
    saved = await client.send(
        "POST", "/themes", form={**typed, "act": "save", "window": "30d"}, role="editor"
    )
    assert (saved.status_code, saved.headers["location"]) == (
        303,
        "/themes?window=30d&measurement=transactional&did=saved",
    )
    (theme,) = (await read_themes(client))["themes"]
    assert (theme["id"], theme["stems"]) == ("taste", {"en": ["stale*", "bland"]})
    stale = {**typed, "name_0": "Smell", "act": "save"}
    conflict = await client.send("POST", "/themes", form=stale, role="admin")
    assert (conflict.status_code, 'value="Smell"' in conflict.text) == (409, True)
    assert "somebody changed the themes" in conflict.text


@pytest.mark.parametrize("n", [9, 10])
async def test_the_scores_say_what_the_unhappy_name_with_a_link_to_those_answers(
    database: Database, client: ScorerClient, n: int
) -> None:
    await count(database, *comments(*[(2, LATE)] * (n - 1), (3, PLAIN), (9, LATE), (0, "")))
    page = (await client.get("/", role="analyst")).text
    assert f"Delivery is named most: by {n - 1} of the {n} unhappy customers who wrote." in page
    assert ("59.6 to 98.2" in page or "60 to 98" in page) is (n == 10)
    href = page.partition('id="part-why"')[2].partition('role="rowheader"><a href="')[2].partition('"')[0]
    listed = (await client.get(href.replace("&amp;", "&"), role="analyst")).text
    assert "Only those whose comment names the theme" in listed
    assert listed.count(f">{LATE}</p>") - listed.partition('id="answers"')[0].count(f">{LATE}</p>") == n - 1
    assert PLAIN not in listed.partition('id="answers"')[2]


async def test_without_a_comment_of_an_unhappy_customer_the_scores_do_not_ask_why(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *comments((9, LATE), (2, "")))
    assert 'id="part-why"' not in (await client.get("/", role="leader")).text
