"""Every form of the staff's pages carries the version it was rendered from, and an old form undoes nothing."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from support.dispatcher_builders import make_survey, rows
from support.dispatcher_client import a_person, form
from support.forms import Form, forms_of

from shared.db.database import Database
from shared.events import SurveyTexts

WITHOUT_VERSION = ("/logout", "/surveys/new", "/copy", "/test-mail")
"""How the addresses end whose forms change nothing that stands: they end a session, add a survey that asks
nobody, or send a test."""


async def every_form(client: httpx.AsyncClient, database: Database) -> list[tuple[str, Form]]:
    """Each form with the page on which it stands, of a company in each of its states."""
    live, paused = await make_survey(database), await make_survey(database, state="paused")
    pages = ["/surveys", "/surveys/new", "/events", "/contact-policy"]
    for survey in (live, paused):
        pages += [f"/surveys/{survey.id}{act}" for act in ("", "/start", "/pause", "/preview", "/rehearsal")]
    found = []
    for mode, stopped in (("test", False), ("live", True)):
        async with database.transaction() as uow:
            await uow.execute(
                "INSERT INTO sending (tenant, mode, stopped, changed_at) VALUES ('havnbo', :mode, :stopped, :now) "
                "ON CONFLICT (tenant) DO UPDATE SET mode = :mode, stopped = :stopped",
                {"mode": mode, "stopped": stopped, "now": uow.now},
            )
        for page in (*pages, *(f"/surveys/{act}" for act in ("live", "test-mode", "stop", "resume"))):
            shown = await client.get(page, headers=a_person())
            assert shown.status_code in {200, 303}
            found += [(page, one) for one in forms_of(shown.text)]
    return found


async def standing(database: Database) -> list[Any]:
    kept = await rows(database, "SELECT * FROM survey ORDER BY id")
    return [
        *kept,
        *await rows(database, "SELECT * FROM sending"),
        *await rows(database, "SELECT * FROM contact_policy"),
        *await rows(database, "SELECT * FROM survey_words"),
    ]


async def test_every_form_carries_its_version_and_an_old_or_missing_one_changes_nothing(
    client: httpx.AsyncClient, database: Database
) -> None:
    forms = [
        (page, one)
        for page, one in await every_form(client, database)
        if not one.action.endswith(WITHOUT_VERSION)
    ]
    assert {one.action.rpartition("/")[2] for _, one in forms} >= {
        "start", "pause", "live", "test-mode", "stop", "resume", "test-addresses", "move", "contact-policy",
    }  # fmt: skip
    before = await standing(database)
    for page, one in forms:
        assert one.fields.get("version"), (page, one.action)
        for version in ("999", "", None, "x"):
            fields = {**one.fields, **form(confirmed="on", direction="up"), "version": version}
            sent = {name: value for name, value in fields.items() if value is not None}
            answer = await client.post(one.action, data=sent, headers=a_person())
            already = answer.status_code == 303 and answer.headers["location"].endswith("did=already")
            assert answer.status_code == 409 or already, (page, one.action, version)
            assert already or "omebody changed" in answer.text
    assert await standing(database) == before


async def test_an_old_tab_of_a_survey_keeps_its_words_and_does_not_erase_what_it_did_not_show(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await make_survey(database, texts={"da": SurveyTexts(question="Hvad synes du?")})
    where, editor = f"/surveys/{survey.id}", a_person("editor")
    (old, *_) = [
        one for one in forms_of((await client.get(where, headers=editor)).text) if one.action == where
    ]
    other = {**old.fields, "name": "By somebody else", "pl.question": "Jak było?", "link_days": "9"}
    other["act"] = "save"
    assert (await client.post(where, data=other, headers=editor)).status_code == 303
    typed = {**old.fields, "da.question": "Hvordan gik det?"}
    refused = await client.post(where, data=typed, headers=editor)
    assert refused.status_code == 409
    for words in (
        "somebody changed this survey",
        "By now it is “By somebody else”.",
        "Hvordan gik det?",
        "Jak było?",
    ):
        assert words in refused.text
    (again,) = [one for one in forms_of(refused.text) if one.action == where]
    assert (await client.post(where, data={**again.fields, "act": "save"}, headers=editor)).status_code == 303
    (row,) = await rows(
        database,
        "SELECT s.name, w.texts FROM survey s JOIN survey_words w ON w.survey_id = s.id "
        "AND w.survey_version = s.survey_version",
    )
    assert row.name == old.fields["name"]
    assert "Hvordan gik det?" in row.texts.decode()
    assert "Jak było?" in row.texts.decode()


async def test_a_field_that_a_form_does_not_send_stays_as_it_is(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await make_survey(database, link_days=12, texts={"en": SurveyTexts(thanks="Many thanks.")})
    sent = form(name="Only the name", version=str(survey.version))
    done = await client.post(f"/surveys/{survey.id}", data=sent, headers=a_person("editor"))
    assert done.status_code == 303
    (row,) = await rows(database, "SELECT name, link_days, survey_version FROM survey")
    assert (row.name, row.link_days, row.survey_version) == ("Only the name", 12, 1)


async def test_an_old_list_of_test_addresses_is_shown_beside_the_new_one(
    client: httpx.AsyncClient, database: Database
) -> None:
    page = (await client.get("/surveys", headers=a_person())).text
    (old,) = [one for one in forms_of(page) if one.action.endswith("test-addresses")]
    _, answer = [
        await client.post(
            "/surveys/test-addresses", data={**old.fields, "addresses": address}, headers=a_person()
        )
        for address in ("first@example.com", "second@example.com")
    ]
    assert answer.status_code == 409
    (again,) = [one for one in forms_of(answer.text) if one.action.endswith("test-addresses")]
    assert again.fields["addresses"].split() == ["second@example.com", "first@example.com"]
    assert (await client.post(again.action, data=again.fields, headers=a_person())).status_code == 303
    (row,) = await rows(database, "SELECT test_addresses FROM sending")
    assert row.test_addresses == ["first@example.com", "second@example.com"]


@pytest.mark.parametrize("act", ["start", "pause"])
async def test_who_may_not_edit_finds_neither_start_nor_pause(
    client: httpx.AsyncClient, database: Database, act: str
) -> None:
    survey = await make_survey(database, state="paused" if act == "start" else "live")
    assert isinstance(survey.id, UUID)
    for role in ("leader", "agent", "analyst"):
        for send in (client.get, client.post):
            data: dict[str, Any] = {"data": form(version="1")} if send == client.post else {}
            answer = await send(f"/surveys/{survey.id}/{act}", headers=a_person(role), **data)
            assert answer.status_code == 404
