"""Figures of themes, and what a draft of them would find."""

from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.any_order import ORDERS, forget_all, tell_in_any_order
from support.audit import audit_lines
from support.examples import examples
from support.scorer_builders import DAY, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.themes import (
    FIGURES,
    LATE,
    PLAIN,
    RUDE,
    a_theme_body,
    a_theme_client,
    comments,
    kept_themes,
    named_themes,
    read_figures,
    read_themes,
    save,
)

from services.scorer.domain import Groups, impact_of, impact_reach
from services.scorer.themes.matching import ThemeMatcher
from services.scorer.themes.shipped import SHIPPED, SHIPPED_VERSION
from shared.db.database import Database
from shared.events.nps import group_of
from shared.events.people import People
from shared.permissions import Role
from shared.values.proportions import wilson


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    async with a_theme_client(database) as client:
        yield client


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
    assert (await kept_themes(database), (await read_themes(client))["version"]) == (before, SHIPPED_VERSION)
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
        assert (await read_figures(other, tenant="birch"))["suggestions"] is None
    assert (await read_figures(client))["suggestions"] == []


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
@given(rows, ORDERS)
async def test_the_figures_are_what_counting_one_by_one_comes_to(
    database: Database,
    client: ScorerClient,
    given_rows: list[tuple[int, str, int, str, str]],
    shuffled: Random,
) -> None:
    """In any order, with answers that come twice, are amended or erased: an erased comment is in no figure."""
    await forget_all(database)
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
    left = await tell_in_any_order(database, shuffled, answers)
    matcher = ThemeMatcher(SHIPPED.themes)
    for segment in ("", "touchpoint:desk"):
        body = await read_figures(client, window="30d", measurement="transactional", segment=segment)
        own = [
            (score, matcher.themes_of(answer.comment or "", "en"), bool(answer.comment))
            for answer, (score, _, days, touchpoint, measurement) in zip(left, given_rows, strict=True)
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
            assert (theme["impact_margin"] is None) == (impact is None)
            if impact is not None:
                reach = impact_reach(groups_of(naming), groups_of([score for score, _, _ in own]))
                assert theme["impact_margin"] == {
                    "level": 0.95,
                    "low": pytest.approx(float(impact) - reach),
                    "high": pytest.approx(float(impact) + reach),
                }
        assert [theme["detractors"] for theme in body["themes"]] == sorted(
            (theme["detractors"] for theme in body["themes"]), reverse=True
        )
        by_impact = await read_figures(client, window="30d", segment=segment, order="impact")
        assert sorted(map(str, by_impact["themes"])) == sorted(map(str, body["themes"]))
        impacts = [theme["impact"] for theme in by_impact["themes"]]
        told = [impact for impact in impacts if impact is not None]
        assert impacts == sorted(told) + [None] * (len(impacts) - len(told))


def groups_of(scores: list[int]) -> Groups:
    kinds = [group_of(score) for score in scores]
    return Groups(*(kinds.count(kind) for kind in ("detractor", "passive", "promoter")))


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({"window": "7d"}, ("2026-11-14", "2026-11-20")),
        ({"from": "2026-11-01", "to": "2026-11-03"}, ("2026-11-01", "2026-11-03")),
        ({"window": "2d", "until": "2026-11-03"}, ("2026-11-02", "2026-11-03")),
    ],
)
async def test_the_window_is_so_many_days_or_from_one_day_to_another(
    client: ScorerClient, query: dict[str, str], days: tuple[str, str]
) -> None:
    window = (await read_figures(client, **query))["window"]
    assert (window["from"], window["until"]) == days


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"window": "7"}, "window"),
        ({"from": "yesterday", "to": "2026-11-01"}, "from"),
        ({"from": "2026-11-01"}, "to"),
        ({"from": "2026-11-03", "to": "2026-11-01"}, "from"),
        ({"window": "7d", "to": "2026-11-01"}, "window"),
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
    assert named_themes(await read_figures(client, segment="organisation:north", **own)) == {"delivery": 1}
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
    assert await save(client, [a_theme_body("any", "any")], SHIPPED_VERSION, **editor) == 403


async def test_comments_about_a_single_employee_are_not_counted_for_anybody(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *comments((2, LATE), segments={"agent": "ida"}))
    roles: tuple[Role | None, ...] = (None, "admin", "leader")
    for role in roles:
        assert (await client.get(FIGURES, segment="agent:ida", role=role)).status_code == 404
    assert People().shown is False
