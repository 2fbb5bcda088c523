"""What is posted several times at once is made once, and each survey has a place of its own."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest
from support.dispatcher_builders import (
    TENANT,
    decide,
    go_live,
    list_test_addresses,
    make_survey,
    published,
    rows,
)
from support.dispatcher_client import SURVEY, a_person, by_key, form
from support.forms import Form, forms_of

from services.dispatcher.surveys.test_mails import TEST_SOURCE
from shared.db.database import Database
from shared.events import TRANSACTIONS

AT_ONCE = 4
OWN = "own@havnbo.example"


async def form_at(client: httpx.AsyncClient, page: str, action: str) -> Form:
    (found,) = [
        each
        for each in forms_of((await client.get(page, headers=a_person("editor"))).text)
        if each.action == action
    ]
    return found


async def post_at_once(client: httpx.AsyncClient, found: Form, **typed: str) -> list[httpx.Response]:
    data = form(**{**found.fields, **typed})
    return list(
        await asyncio.gather(
            *(client.post(found.action, data=data, headers=a_person("editor")) for _ in range(AT_ONCE))
        )
    )


async def places(database: Database) -> list[int]:
    found = await rows(database, "SELECT place FROM survey WHERE tenant = 'havnbo' ORDER BY place")
    return [place for (place,) in found]


@pytest.mark.parametrize("others", [0, 2])
async def test_a_new_surveys_form_makes_one_however_often_it_is_posted(
    client: httpx.AsyncClient, database: Database, others: int
) -> None:
    assert TENANT == "havnbo"
    for _ in range(others):
        await make_survey(database)
    found = await form_at(client, "/surveys/new", "/surveys/new")
    answers = await post_at_once(client, found, name="Once", trigger="order.delivered")
    assert [answer.status_code for answer in answers] == [303] * AT_ONCE
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await places(database) == list(range(1, others + 2))


async def test_a_form_that_is_changed_after_it_was_posted_says_so_and_then_makes_another_survey(
    client: httpx.AsyncClient, database: Database
) -> None:
    """As by the browser's way back."""
    found = await form_at(client, "/surveys/new", "/surveys/new")
    first = {**found.fields, "name": "First", "trigger": "order.delivered"}
    assert (
        await client.post(found.action, data=form(**first), headers=a_person("editor"))
    ).status_code == 303
    told = await client.post(
        found.action, data=form(**{**first, "name": "Second"}), headers=a_person("editor")
    )
    assert told.status_code == 409
    assert "a survey was made of this form already" in told.text
    (again,) = [each for each in forms_of(told.text) if each.action == "/surveys/new"]
    assert again.fields["name"] == "Second"
    answers = await post_at_once(client, again)
    assert {answer.status_code for answer in answers} == {303}
    assert await rows(database, "SELECT name FROM survey ORDER BY place") == [("First",), ("Second",)]


async def test_a_form_of_the_version_before_makes_a_survey(
    client: httpx.AsyncClient, database: Database
) -> None:
    found = await form_at(client, "/surveys/new", "/surveys/new")
    data = {**found.fields, "name": "Older", "trigger": "order.delivered"}
    del data["new_id"]
    assert (
        await client.post("/surveys/new", data=form(**data), headers=a_person("editor"))
    ).status_code == 303
    assert await places(database) == [1]


async def test_surveys_that_are_made_at_once_have_different_places(
    client: httpx.AsyncClient, database: Database
) -> None:
    """By the API, by copies, and by both."""
    survey = await make_survey(database)

    async def make(n: int) -> httpx.Response:
        return await client.post("/v1/surveys", json={**SURVEY, "name": f"n {n}"}, headers=by_key())

    async def copy(n: int) -> httpx.Response:
        return await client.post(f"/v1/surveys/{survey.id}/copies", headers=by_key())

    answers = await asyncio.gather(*(each(n) for n in range(6) for each in (make, copy)))
    assert {answer.status_code for answer in answers} == {201}
    assert await places(database) == list(range(1, 14))


async def test_one_key_makes_one_survey_however_often_it_is_sent(
    client: httpx.AsyncClient, database: Database
) -> None:
    headers = {**by_key(), "idempotency-key": "once"}
    answers = await asyncio.gather(
        *(client.post("/v1/surveys", json=SURVEY, headers=headers) for _ in range(AT_ONCE))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await places(database) == [1]


async def test_the_button_for_a_copy_makes_one(client: httpx.AsyncClient, database: Database) -> None:
    survey = await make_survey(database)
    for copies in (1, 2):
        found = await form_at(client, f"/surveys/{survey.id}", f"/surveys/{survey.id}/copy")
        answers = await post_at_once(client, found)
        assert {answer.status_code for answer in answers} == {303}
        assert len({answer.headers["location"] for answer in answers}) == 1
        assert await places(database) == list(range(1, copies + 2))


async def test_the_button_for_a_test_sends_one(client: httpx.AsyncClient, database: Database) -> None:
    survey = await make_survey(database)
    await go_live(database)
    await list_test_addresses(database, OWN)
    where = f"/surveys/{survey.id}"
    found = await form_at(client, f"{where}/preview", f"{where}/test-mail")
    await post_at_once(client, found, address=OWN)
    await post_at_once(client, found, address=OWN, language="da")
    tests = [each for each in await published(database, TRANSACTIONS) if each.source == TEST_SOURCE]
    await decide(database, *tests)
    bodies: Any = await rows(database, "SELECT convert_from(body, 'UTF8') AS body FROM invitation")
    told = Counter("da" if '"language":"da"' in row.body else "en" for row in bodies)
    assert told == {"en": 1, "da": 1}


async def test_an_emptied_place_makes_a_survey_the_last(
    client: httpx.AsyncClient, database: Database
) -> None:
    first, second, third = [await make_survey(database, name=name) for name in ("one", "two", "three")]
    where = f"/surveys/{first.id}"
    found = await form_at(client, where, where)
    assert found.fields["position"] == "1"
    saved = await client.post(
        where, data=form(**{**found.fields, "position": " "}), headers=a_person("editor")
    )
    assert saved.status_code == 303
    order = "SELECT name FROM survey ORDER BY place, id"
    assert await rows(database, order) == [("two",), ("three",), ("one",)]
    found = await form_at(client, where, where)
    version = found.fields["version"]
    await client.post(where, data=form(**{**found.fields, "position": ""}), headers=a_person("editor"))
    assert (await form_at(client, where, where)).fields["version"] == version
    older = {name: value for name, value in found.fields.items() if name != "position"}
    await client.post(where, data=form(**{**older, "name": "uno"}), headers=a_person("editor"))
    assert await rows(database, order) == [("two",), ("three",), ("uno",)]
    emptied = []
    for survey in (second, third):
        at = f"/surveys/{survey.id}"
        emptied.append((at, {**(await form_at(client, at, at)).fields, "position": ""}))
    answers = await asyncio.gather(
        *(client.post(at, data=form(**typed), headers=a_person("editor")) for at, typed in emptied)
    )
    assert {answer.status_code for answer in answers} == {303}
    assert len(set(await places(database))) == 3
    assert (await rows(database, order))[0] == ("uno",)
