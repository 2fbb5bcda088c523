"""The page of the themes, and what the page of the scores says of them."""

from collections.abc import AsyncIterator

import pytest
from support.scorer_builders import count
from support.scorer_client import ScorerClient
from support.themes import LATE, PLAIN, a_theme_client, comments, read_figures, read_themes, save

from services.scorer.themes.quality import QUALITY
from services.scorer.themes.shipped import SHIPPED_VERSION
from shared.db.database import Database


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    async with a_theme_client(database) as client:
        yield client


async def test_words_of_comments_that_name_nothing_are_suggested_and_added_by_one_button(
    database: Database, client: ScorerClient
) -> None:
    unhappy = [(2, f"Tasted stale {'x' * (number % 9 + 2)}") for number in range(200)]
    happy = [(9, f"A fine lamp {'y' * (number % 9 + 2)}") for number in range(200)]
    await count(database, *comments(*unhappy, *happy))
    words = {each["word"]: each for each in (await read_figures(client))["suggestions"]}
    assert {"stale", "tasted", "tasted stale"} <= set(words)
    assert (words["stale"]["uncovered"], words["stale"]["others"], words["stale"]["language"]) == (
        200,
        0,
        "en",
    )
    page = (await client.get("/themes", role="editor")).text
    assert 'name="add" value="en|stale"' in page
    form = {
        "version": str(SHIPPED_VERSION),
        "id_4": "taste",
        "name_4": "Taste",
        "stems_4_en": "bland",
        "add_to": "4",
    }
    added = await client.send("POST", "/themes", form={**form, "add": "en|stale"}, role="editor")
    assert (added.status_code, "bland\nstale*</textarea>" in added.text) == (200, True)
    assert (await read_themes(client))["version"] == SHIPPED_VERSION


async def test_the_page_tries_saves_and_says_what_is_wrong_beside_what_was_typed(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *comments((2, PLAIN), (3, LATE)))
    typed = {"version": str(SHIPPED_VERSION), "id_0": "", "name_0": "Taste", "stems_0_en": "stale*\nbland"}
    tried = await client.send("POST", "/themes", form={**typed, "act": "try"}, role="editor")
    assert "Tried on 2 comments: 1 name a theme, 1 none." in tried.text
    assert PLAIN in tried.text
    assert (await read_themes(client))["version"] == SHIPPED_VERSION
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
    assert '<option value="delivery" selected>' in listed
    assert listed.count(f">{LATE}</p>") - listed.partition('id="answers"')[0].count(f">{LATE}</p>") == n - 1
    assert PLAIN not in listed.partition('id="answers"')[2]


async def test_without_a_comment_of_an_unhappy_customer_the_scores_say_so(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *comments((9, LATE), (2, "")))
    page = (await client.get("/", role="leader")).text
    assert "No unhappy customer wrote a comment in these days." in page


async def test_the_page_and_the_document_say_how_far_the_shipped_themes_agree_with_a_reader(
    client: ScorerClient,
) -> None:
    body = await read_themes(client)
    quality = body["quality"]
    assert (quality["sentences"], quality["sentences_covered"]) == (QUALITY.sentences, QUALITY.covered)
    assert [theme["id"] for theme in quality["themes"]] == [theme["id"] for theme in body["themes"]]
    assert quality["is_of_these_themes"] is True
    changed = "Your themes are others by now; they were not tried."
    for role in ("editor", "analyst"):
        page = (await client.get("/themes", role=role)).text
        assert f"they named a theme in {QUALITY.covered}." in page
        assert changed not in page
    assert await save(client, body["themes"][1:], SHIPPED_VERSION) == 200
    assert (await read_themes(client))["quality"] == {**quality, "is_of_these_themes": False}
    assert changed in (await client.get("/themes", role="analyst")).text
