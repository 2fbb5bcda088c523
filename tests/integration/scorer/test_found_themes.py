"""Themes that are opened by themselves: when, by whom, how often, and what becomes of them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.asked_model import forget_counts
from support.audit import audit_lines
from support.erasing import erase_customer
from support.examples import examples
from support.found_themes import (
    ABOUT_LOCKERS,
    FINDING,
    LOCKERS,
    about,
    look_at_all,
    read_finding,
    states,
)
from support.scorer_builders import DAY, an_answer, count
from support.scorer_client import ScorerClient
from support.themes import (
    LATE,
    NOON,
    a_theme_body,
    a_theme_client,
    comments,
    match_all,
    named_themes,
    read_figures,
    read_themes,
    save,
)

from services.scorer.app import SERVICE
from services.scorer.theme_watch import LOOK_EVERY, ThemeWatch
from services.scorer.themes import finding, found_repository
from services.scorer.themes.count_repository import recount_themes
from services.scorer.themes.finding import LOOKED_DAYS
from services.scorer.themes.repository import NEW_FOR
from services.scorer.themes.shipped import SHIPPED_VERSION
from shared.db.database import Database
from shared.health import Health
from shared.permissions import Role
from shared.telemetry import metrics


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    async with a_theme_client(database) as client:
        yield client


async def later(database: Database, step: timedelta = LOOK_EVERY) -> None:
    """Move the clock, and look again."""
    at = database.clock() + step
    database.clock = lambda: at
    await look_at_all(database)


async def decide(client: ScorerClient, theme: str, act: str, **given: Any) -> int:
    """Decide about a theme; the status of the answer."""
    role = given.pop("role", None)
    answer = await client.send("POST", f"/v1/themes/found/{theme}", {"act": act, **given}, role=role)
    return answer.status_code


@pytest.mark.parametrize("language", ABOUT_LOCKERS)
async def test_within_a_day_of_its_tenth_comment_a_theme_opens_and_counts_like_the_others(
    database: Database, client: ScorerClient, language: str
) -> None:
    comment, stem = ABOUT_LOCKERS[language]
    await count(database, *about(comment, range(9), language))
    await look_at_all(database)
    assert await states(client) == {}
    await count(database, *about(comment, range(9, 10), language))
    await look_at_all(database)
    assert await states(client) == {}, "the next look is later"
    await later(database)
    (found,) = (await read_finding(client))["themes"]
    assert found == {
        "id": stem.rstrip("*"),
        "name": stem.rstrip("*").capitalize(),
        "state": "proposed",
        "new": True,
        "language": language,
        "stem": stem,
        "customers": 10,
        "found_at": "2026-11-20T18:00:00Z",
        "decided_at": None,
    }
    themes = await read_themes(client)
    assert (themes["version"], themes["themes"][-1]["stems"]) == (SHIPPED_VERSION + 1, {language: [stem]})
    assert (await read_figures(client))["waiting"] == 10
    await match_all(database)
    assert named_themes(await read_figures(client)) == {found["id"]: 10}
    async with database.reading() as uow:
        assert await recount_themes(uow, "acme") == []
    # Another company has none of it, and it is opened once.
    assert await states(client, tenant="other") == {}
    await later(database)
    assert len((await read_finding(client))["themes"]) == 1
    assert (await read_themes(client))["version"] == SHIPPED_VERSION + 1
    # Nobody did it, so nothing is in the log of what people did.
    assert await audit_lines(database) == []


Facts = tuple[str, int, int, bool, bool]
rows: st.SearchStrategy[list[Facts]] = st.lists(
    st.tuples(
        st.sampled_from(sorted(ABOUT_LOCKERS)),
        st.sampled_from([8, 9, 10, 11]),
        st.sampled_from([0, LOOKED_DAYS - 1, LOOKED_DAYS]),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda row: row[0],
)


@settings(
    max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows, st.randoms(use_true_random=False))
async def test_order_duplicates_amendments_and_erasures_play_no_part(
    database: Database, client: ScorerClient, given_rows: list[Facts], random: Any
) -> None:
    await forget(database)
    await look_at_all(database)
    answers, expected = [], {}
    for language, customers, days, amends, erases in given_rows:
        comment, stem = ABOUT_LOCKERS[language]
        day = DAY - timedelta(days=days)
        first = about(comment, range(customers), language, day)
        # The first customer takes the comment back.
        second = about("", range(1), language, day, version=2) if amends else []
        answers += [*first, *second, *random.sample(first, 3)]
        naming = set(range(customers)) - ({0} if amends else set()) - ({1} if erases else set())
        if len(naming) >= 10 and days < LOOKED_DAYS:
            expected[stem] = len(naming)
    random.shuffle(answers)
    while answers:
        size = random.randint(1, len(answers))
        for answer in answers[:size]:
            await count(database, answer)
        answers = answers[size:]
    for language, _, _, _, erases in given_rows:
        if erases:
            await erase_customer(SERVICE, database, "acme", f"{language}-1")
    await later(database)
    found = (await read_finding(client))["themes"]
    assert {each["stem"]: each["customers"] for each in found} == expected
    await match_all(database)
    async with database.reading() as uow:
        assert await recount_themes(uow, "acme") == []
    database.clock = lambda: NOON


async def forget(database: Database) -> None:
    await forget_counts(database)
    async with database.transaction() as uow:
        await uow.execute("TRUNCATE theme_set, theme_finding, found_theme, erased", {})


async def test_answers_that_do_not_count_and_comments_that_name_a_theme_open_none(
    database: Database, client: ScorerClient
) -> None:
    tests = [an_answer(f"t{n}", comment=LOCKERS, language="en", test=True) for n in range(12)]
    nobodys = [an_answer(f"n{n}", comment=LOCKERS, language=None) for n in range(12)]
    one = [
        an_answer(f"o{n}", comment=LOCKERS, language="en", customer_id="one", person="p") for n in range(12)
    ]
    named = comments(*[(2, f"{LATE}, and stood by the lockers")] * 12, name="named")
    await count(database, *tests, *nobodys, *one, *named)
    await look_at_all(database)
    assert await states(client) == {}


async def test_names_of_employees_open_none(database: Database, client: ScorerClient) -> None:
    rows = [
        an_answer(
            f"a{n}",
            score=1,
            comment="quillan never rang",
            language="en",
            segments={"agent": "Quillan Rang"},
        )
        for n in range(12)
    ]
    await count(database, *rows)
    await look_at_all(database)
    assert await states(client) == {}


async def test_of_two_workers_one_looks_and_a_theme_opens_once(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *about(LOCKERS, range(10)))
    watches = [ThemeWatch(database, Health("scorer")) for _ in range(4)]
    async with database.transaction() as uow:
        before = uow.now - LOOK_EVERY
        assert await found_repository.claim_company(uow, ["acme"], before) == "acme"
        assert [await watch.step() for watch in watches] == [None] * 4
    await asyncio.gather(*(watch.step() for watch in watches))
    await look_at_all(database)
    assert await states(client) == {"lockers*": "proposed"}
    assert (await read_themes(client))["version"] == SHIPPED_VERSION + 1


async def test_who_saves_while_comments_are_looked_at_loses_nothing(
    database: Database, client: ScorerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await count(database, *about(LOCKERS, range(10)))
    usual = found_repository.list_segment_names

    async def slow(uow: Any, tenant: str) -> list[str]:
        monkeypatch.setattr(found_repository, "list_segment_names", usual)
        if tenant == "acme":
            assert await save(client, [a_theme_body("taste", "stale*")], SHIPPED_VERSION) == 200
        return await usual(uow, tenant)

    monkeypatch.setattr(found_repository, "list_segment_names", slow)
    watch = ThemeWatch(database, Health("scorer"))
    assert await watch.step() is None
    assert await states(client) == {}
    await match_all(database)
    await look_at_all(database)
    assert [theme["id"] for theme in (await read_themes(client))["themes"]] == ["taste", "lockers"]


async def test_a_theme_that_is_dropped_stays_dropped_and_so_do_its_words(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *about(LOCKERS, range(10)))
    await look_at_all(database)
    assert await decide(client, "lockers", "drop") == 200
    assert await states(client) == {"lockers*": "dropped"}
    assert "lockers" not in {theme["id"] for theme in (await read_themes(client))["themes"]}
    await count(database, *about(LOCKERS, range(10, 40)))
    await match_all(database)
    await later(database)
    await later(database, timedelta(days=1))
    assert await states(client) == {"lockers*": "dropped"}
    assert await decide(client, "lockers", "drop") == 200, "the same request, sent again"
    assert await decide(client, "lockers", "keep") == 409
    lines = await audit_lines(database)
    assert [(line.act, line.facts["found"], LOCKERS[4:11] in str(line)) for line in lines] == [
        ("themes", "dropped", False)
    ]


async def test_one_that_is_left_out_when_the_themes_are_saved_is_dropped_too(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *about(LOCKERS, range(10)))
    await look_at_all(database)
    assert await save(client, [a_theme_body("taste", "stale*")], SHIPPED_VERSION + 1) == 200
    assert await states(client) == {"lockers*": "dropped"}
    assert await decide(client, "lockers", "keep") == 409
    await match_all(database)
    await later(database)
    assert await states(client) == {"lockers*": "dropped"}


async def test_one_that_is_kept_is_renamed_and_one_that_is_merged_gives_its_words_away(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *about(LOCKERS, range(10)), *about(ABOUT_LOCKERS["da"][0], range(10), "da"))
    await look_at_all(database)
    assert await decide(client, "lockers", "keep", name="x" * 61) == 422
    assert await decide(client, "lockers", "keep", name="Parcel lockers") == 200
    assert await decide(client, "parkeringen", "merge", into="nowhere") == 422
    assert await decide(client, "parkeringen", "merge", into="parkeringen") == 422
    assert await decide(client, "parkeringen", "merge", into="lockers") == 200
    assert await decide(client, "nothing", "keep") == 404
    theme = (await read_themes(client))["themes"][-1]
    assert (theme["name"], theme["stems"]) == (
        "Parcel lockers",
        {"da": ["parkeringen*"], "en": ["lockers*"]},
    )
    assert await states(client) == {"lockers*": "kept", "parkeringen*": "merged"}
    await match_all(database)
    assert named_themes(await read_figures(client)) == {"lockers": 20}


async def test_where_it_is_switched_off_none_opens(database: Database, client: ScorerClient) -> None:
    await count(database, *about(LOCKERS, range(10)))
    await count(database, *about(LOCKERS, range(10)), tenant="other")
    for _ in range(2):
        assert (await client.send("PUT", FINDING, {"on": False})).json() == {"on": False, "themes": []}
    await look_at_all(database)
    assert (await states(client), await states(client, tenant="other")) == ({}, {"lockers*": "proposed"})
    assert len(await audit_lines(database)) == 1
    assert (await client.send("PUT", FINDING, {"on": True})).json()["on"] is True
    await look_at_all(database)
    assert await states(client) == {"lockers*": "proposed"}


@pytest.mark.parametrize(
    ("role", "edits"), [("admin", True), ("editor", True), ("leader", False), ("analyst", False)]
)
async def test_who_edits_themes_decides_and_the_others_read(
    database: Database, client: ScorerClient, role: Role, edits: bool
) -> None:
    await count(database, *about(LOCKERS, range(10)))
    await look_at_all(database)
    assert await states(client, role=role) == {"lockers*": "proposed"}
    page = (await client.get("/themes", role=role)).text
    assert "Customers write about something that no theme had words for." in page
    assert ('value="keep"' in page, 'value="off"' in page) == (edits, edits)
    form = {"act": "keep", "theme": "lockers", "name-lockers": "Lockers at the door"}
    segments = ("organisation:north",)
    limited = await client.send("POST", "/themes/found", form=form, role=role, segments=segments)
    assert limited.status_code == (403 if edits else 404)
    answer = await client.send("POST", "/themes/found", form=form, role=role)
    assert answer.status_code == (303 if edits else 404)
    assert await states(client, role=role) == {"lockers*": "kept" if edits else "proposed"}


async def test_the_page_decides_and_says_what_is_wrong_beside_what_was_typed(
    database: Database, client: ScorerClient
) -> None:
    own: dict[str, Any] = {"role": "editor"}
    await count(database, *about(LOCKERS, range(10)), *about(ABOUT_LOCKERS["nl"][0], range(10), "nl"))
    await look_at_all(database)
    page = (await client.get("/themes", **own)).text
    assert page.count('<span class="tiny">new</span>') >= 2
    lockers = {"theme": "lockers", "window": "30d"}
    long = {**lockers, "act": "keep", "name-lockers": "x" * 61}
    refused = await client.send("POST", "/themes/found", form=long, **own)
    assert (refused.status_code, 'href="#name-lockers"' in refused.text, "x" * 61 in refused.text) == (
        422,
        True,
        True,
    )
    refused = await client.send("POST", "/themes/found", form={**lockers, "act": "merge"}, **own)
    assert (refused.status_code, 'href="#into-lockers"' in refused.text) == (422, True)
    merged = {**lockers, "act": "merge", "into-lockers": "delivery"}
    answer = await client.send("POST", "/themes/found", form=merged, **own)
    assert answer.headers["location"] == "/themes?window=30d&measurement=transactional&did=merged"
    again = await client.send("POST", "/themes/found", form={**lockers, "act": "drop"}, **own)
    assert (again.status_code, "Something else was decided" in again.text) == (409, True)
    for act, words in (("off", "No theme is opened by itself any more."), ("on", "from now on")):
        answer = await client.send("POST", "/themes/found", form={"act": act}, **own)
        page = (await client.get(answer.headers["location"], **own)).text
        assert words in page
    for form in ({"act": "drop", "theme": "nothing"}, {"act": "nothing"}):
        answer = await client.send("POST", "/themes/found", form=form, **own)
        assert answer.status_code == (404 if "theme" in form else 422)


async def test_it_is_new_for_fourteen_days_on_the_page_and_where_the_score_is_told(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *about(LOCKERS, range(10)))
    await look_at_all(database)
    await match_all(database)
    assert await decide(client, "lockers", "keep") == 200
    for path in ("/themes", "/"):
        assert '<span class="tiny">new</span>' in (await client.get(path, role="leader")).text
    database.clock = lambda: NOON + NEW_FOR
    for path in ("/themes", "/"):
        assert '<span class="tiny">new</span>' not in (await client.get(path, role="leader")).text
    assert (await read_finding(client))["themes"][0]["new"] is False


async def test_a_company_whose_comments_cannot_be_looked_at_keeps_no_other_waiting(
    database: Database, client: ScorerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tenant in ("acme", "other"):
        await count(database, *about(LOCKERS, range(10)), tenant=tenant)
    usual = found_repository.list_covered

    async def failing(uow: Any, tenant: str, window: Any) -> Any:
        if tenant == "acme":
            raise RuntimeError("an error of ours")
        return await usual(uow, tenant, window)

    monkeypatch.setattr(found_repository, "list_covered", failing)
    before = metrics.THEMES_FOUND._value.get()
    await look_at_all(database)
    assert (await states(client), await states(client, tenant="other")) == ({}, {"lockers*": "proposed"})
    assert metrics.THEMES_FOUND._value.get() == before + 1
    monkeypatch.setattr(found_repository, "list_covered", usual)
    await look_at_all(database)
    assert await states(client) == {"lockers*": "proposed"}


async def test_companies_that_were_not_looked_at_for_a_day_are_measured(
    database: Database, client: ScorerClient
) -> None:
    await look_at_all(database)
    for hours, late in ((24, 0), (25, 2)):
        database.clock = lambda hours=hours: NOON + timedelta(hours=hours)  # type: ignore[misc]
        async with database.reading() as uow:
            assert await found_repository.count_late(uow) == late
    assert (await client.send("PUT", FINDING, {"on": False})).status_code == 200
    async with database.reading() as uow:
        assert await found_repository.count_late(uow) == 1


async def test_no_more_open_than_somebody_can_decide_about(
    database: Database, client: ScorerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MAX_PROPOSED", 1)
    await count(database, *about(LOCKERS, range(10)), *about(ABOUT_LOCKERS["nl"][0], range(11), "nl"))
    await look_at_all(database)
    assert await states(client) == {"fietsenstalling*": "proposed"}
    await match_all(database)
    await later(database)
    assert len(await states(client)) == 1
    assert await decide(client, "fietsenstalling", "keep") == 200
    await later(database)
    assert await states(client) == {"fietsenstalling*": "kept", "lockers*": "proposed"}
