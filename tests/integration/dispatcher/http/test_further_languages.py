"""Words in a language beyond the standard ones are written in the form, without JavaScript."""

import httpx
import pytest
from support.dispatcher_builders import make_survey
from support.dispatcher_client import a_person, by_key, form
from support.forms import Form, forms_of

from shared.db.database import Database


def form_in(page: str, action: str) -> Form:
    (found,) = [each for each in forms_of(page) if each.action == action]
    return found


async def show(client: httpx.AsyncClient, where: str) -> Form:
    return form_in((await client.get(where, headers=a_person("editor"))).text, where)


async def add(client: httpx.AsyncClient, where: str, typed: dict[str, str], tag: str) -> httpx.Response:
    data = form(**{**typed, "add_language": tag})
    return await client.post(f"{where}/language", data=data, headers=a_person("editor"))


@pytest.mark.parametrize(("tag", "language"), [("pl", "pl"), (" pt_BR ", "pt-br"), ("zh-Hant", "zh-hant")])
@pytest.mark.parametrize("new", [True, False])
async def test_a_tag_shows_the_fields_of_its_language_and_what_was_typed_stays(
    client: httpx.AsyncClient, database: Database, tag: str, language: str, new: bool
) -> None:
    where = "/surveys/new" if new else f"/surveys/{(await make_survey(database)).id}"
    typed = {**(await show(client, where)).fields, "name": "Typed", "trigger": "a.b", "da.question": "Hvor?"}
    shown = await add(client, where, typed, tag)
    assert shown.status_code == 200
    found = form_in(shown.text, where).fields
    assert (found["name"], found["da.question"], found["add_language"]) == ("Typed", "Hvor?", "")
    assert found[f"{language}.question"] == ""
    second = form_in((await add(client, where, found, "uk")).text, where).fields
    assert {f"{language}.thanks", "uk.thanks"} <= set(second)
    saved = await client.post(
        where,
        data=form(**{**second, f"{language}.question": "Jak?", "act": "save"}),
        headers=a_person("editor"),
    )
    assert saved.status_code == 303, saved.text
    at = saved.headers["location"].partition("?")[0]
    texts = (await client.get(f"/v1{at}", headers=by_key())).json()["texts"]
    assert {name: each["question"] for name, each in texts.items() if each["question"]} == {
        "da": "Hvor?", language: "Jak?"
    }  # fmt: skip
    assert (await show(client, at)).fields[f"{language}.question"] == "Jak?"


async def test_the_default_language_has_its_fields(client: httpx.AsyncClient, database: Database) -> None:
    where = f"/surveys/{(await make_survey(database)).id}"
    found = (await show(client, where)).fields
    assert "pl.question" not in found
    await client.post(
        where, data=form(**{**found, "default_language": "pl", "act": "save"}), headers=a_person("editor")
    )
    assert (await show(client, where)).fields["pl.question"] == ""


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("", "Write a language as BCP 47 does"),
        ("polski!", "Write a language as BCP 47 does"),
        ("da", "The fields of this language stand here already"),
        ("nl", "The fields of this language stand here already"),
    ],
)
async def test_a_tag_that_adds_nothing_is_told_beside_its_field(
    client: httpx.AsyncClient, database: Database, tag: str, told: str
) -> None:
    where = f"/surveys/{(await make_survey(database)).id}"
    typed = {**(await show(client, where)).fields, "name": "Typed"}
    shown = await add(client, where, typed, tag)
    assert shown.status_code == 422
    assert told in shown.text
    assert "Nothing was saved" not in shown.text
    assert form_in(shown.text, where).fields["name"] == "Typed"


async def test_who_may_not_edit_adds_no_language(client: httpx.AsyncClient, database: Database) -> None:
    survey = await make_survey(database)
    posted = await client.post(
        f"/surveys/{survey.id}/language", data=form(add_language="pl"), headers=a_person("leader")
    )
    assert posted.status_code == 404
    page = await client.get(f"/surveys/{survey.id}", headers=a_person("leader"))
    assert "add_language" not in page.text


async def test_the_empty_list_names_the_languages_of_our_words(client: httpx.AsyncClient) -> None:
    page = (await client.get("/surveys", headers=a_person("editor"))).text
    assert "English, Danish, Dutch, German, Spanish, Finnish, French" in page
    assert "Swedish" in page
