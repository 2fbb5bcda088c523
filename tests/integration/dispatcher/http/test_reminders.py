"""Reminders in the API, in the form, in the preview and on the page of an event."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from support.dispatcher_builders import (
    NOON,
    TENANT,
    a_transaction,
    decide,
    go_live,
    make_survey,
    published,
    rows,
)
from support.dispatcher_client import SURVEY, a_person, by_key, form
from support.dispatcher_reminders import some_reminders
from support.forms import forms_of

from services.dispatcher.surveys.survey_commands import find_survey
from shared.db.database import Database
from shared.events import SURVEYS

TWO = [{"after_days": 3}, {"after_days": 8}]
LONGEST = {"link_days": 31, "reminders": [{"after_days": 29}]}


class TestApi:
    async def test_reminders_are_made_read_changed_published_and_left_out(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        made = await client.post("/v1/surveys", json={**SURVEY, "reminders": TWO}, headers=by_key())
        assert made.status_code == 201
        survey = made.json()
        assert survey["reminders"] == TWO
        where = f"/v1/surveys/{survey['id']}"
        assert (await client.get(where, headers=by_key())).json() == survey
        paused = (await client.patch(where, json={"state": "paused"}, headers=by_key())).json()
        assert paused["reminders"] == TWO
        one = (await client.patch(where, json={"reminders": TWO[1:]}, headers=by_key())).json()
        assert (one["reminders"], one["survey_version"]) == (TWO[1:], 1)
        none = (await client.put(where, json=SURVEY, headers=by_key())).json()
        assert none["reminders"] == []
        said = [[each.after_days for each in event.reminders] for event in await published(database, SURVEYS)]
        assert said == [[3, 8], [3, 8], [8], []]
        assert (await client.post("/v1/surveys", json=SURVEY, headers=by_key())).json()["reminders"] == []

    @pytest.mark.parametrize(
        ("changes", "field", "words"),
        [
            ({"reminders": [{"after_days": 0}]}, "/reminders/0/after_days", "1 or more"),
            ({"reminders": [{"after_days": 31}]}, "/reminders/0/after_days", "30 or less"),
            ({"reminders": [*TWO, {"after_days": 9}]}, "/reminders", "at most 2 items"),
            ({"reminders": [TWO[1], TWO[0]]}, "/reminders", "later than the one before it"),
            ({"reminders": [{"after_days": 3, "n": 1}]}, "/reminders/0/n", "no such field"),
            ({"reminders": 3}, "/reminders", "list"),
            ({"reminders": TWO, "link_days": 9}, "/reminders", "at least 10 days"),
            ({"reminders": TWO, "anonymous": True}, "/reminders", "who has answered is known nowhere"),
        ],
    )
    async def test_reminders_that_cannot_be_are_refused_and_say_why(
        self, client: httpx.AsyncClient, changes: dict[str, Any], field: str, words: str
    ) -> None:
        refused = await client.post("/v1/surveys", json={**SURVEY, **changes}, headers=by_key())
        assert refused.status_code == 422
        (fault,) = refused.json()["errors"]
        assert fault["field"] == field
        assert words in fault["detail"]
        made = (await client.post("/v1/surveys", json={**SURVEY, **LONGEST}, headers=by_key())).json()
        patched = await client.patch(f"/v1/surveys/{made['id']}", json={"anonymous": True}, headers=by_key())
        assert patched.status_code == 422
        assert "known nowhere" in patched.json()["errors"][0]["detail"]


class TestForm:
    async def test_reminders_are_typed_in_days_and_faults_stand_beside_them(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        page = (await client.get("/surveys/new", headers=a_person("editor"))).text
        (empty,) = [one for one in forms_of(page) if one.action == "/surveys/new"]
        assert (empty.fields["reminder_1"], empty.fields["reminder_2"]) == ("", "")
        typed = {**empty.fields, **form(name="Delivery", trigger="order.delivered")}

        async def post(**fields: str) -> httpx.Response:
            return await client.post("/surveys/new", data={**typed, **fields}, headers=a_person("editor"))

        for fields, words in (
            ({"reminder_1": "soon"}, "Write a whole number of days from 1 to 30, or leave it empty."),
            ({"reminder_1": "5", "reminder_2": "5"}, "later than the one before it"),
            ({"reminder_2": "29"}, "at least 31 days"),
            ({"reminder_1": "3", "anonymous": "yes"}, "An anonymous survey cannot have reminders"),
        ):
            refused = await post(**fields)
            assert refused.status_code == 422
            assert words in refused.text
            for name, value in fields.items():
                (again,) = [one for one in forms_of(refused.text) if one.action == "/surveys/new"]
                assert again.fields[name] == value
        made = await post(reminder_1="3", reminder_2="8")
        assert made.status_code == 303
        where = made.headers["location"].partition("?")[0]
        async with database.reading() as uow:
            survey = await find_survey(uow, TENANT, UUID(where.rpartition("/")[2]))
        assert survey.draft.reminders == some_reminders(3, 8)
        shown = (await client.get(where, headers=a_person("editor"))).text
        (stored,) = [one for one in forms_of(shown) if one.action == where]
        assert (stored.fields["reminder_1"], stored.fields["reminder_2"]) == ("3", "8")
        start = (await client.get(f"{where}/start", headers=a_person("editor"))).text
        assert "after 3\u00a0days and after 8\u00a0days, to who has not answered" in start

    async def test_a_form_that_was_open_before_there_were_reminders_leaves_them_as_they_are(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        survey = await make_survey(database, reminders=some_reminders(4))
        where = f"/surveys/{survey.id}"
        page = (await client.get(where, headers=a_person("editor"))).text
        (stored,) = [one for one in forms_of(page) if one.action == where]
        older = {name: value for name, value in stored.fields.items() if not name.startswith("reminder")}
        saved = await client.post(where, data={**older, **form(name="Other")}, headers=a_person("editor"))
        assert saved.status_code == 303
        async with database.reading() as uow:
            changed = (await find_survey(uow, TENANT, survey.id)).draft
        assert (changed.name, changed.reminders) == ("Other", some_reminders(4))


async def test_the_preview_shows_each_reminder_beside_the_first_mail(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await make_survey(database, reminders=some_reminders(3, 8))
    where = f"/surveys/{survey.id}"
    first = (await client.get(f"{where}/preview", headers=a_person())).text
    assert f'href="{where}/preview?language=en&amp;reminder=2&amp;' in first
    assert "Reminder: " not in first
    second = (await client.get(f"{where}/preview?language=da&reminder=2", headers=a_person())).text
    assert "Påmindelse: " in second
    assert f'src="{where}/mail?language=da&amp;reminder=2"' in second
    mail = (await client.get(f"{where}/mail?language=da&reminder=2", headers=a_person())).text
    assert "den sidste påmindelse" in mail
    none = await make_survey(database)
    alone = (await client.get(f"/surveys/{none.id}/preview?reminder=1", headers=a_person())).text
    assert "Reminder" not in alone
    assert (await client.get(f"{where}/preview?reminder=3", headers=a_person())).status_code == 422


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        ("waiting", None, ["Reminder 1 waits for its time.", "if the customer has not answered by then"]),
        ("sent", None, ["Reminder 1 was sent."]),
        ("dropped", "answered", ["Reminder 1 was not sent. The customer had answered."]),
        ("dropped", "case_open", ["Reminder 1 was not sent. A case of the customer was open."]),
        ("failed", "the mail server did not answer", ["The mail server refused reminder 1."]),
        ("unknown", "the mail server did not answer", ["Nobody knows whether reminder 1 was sent"]),
    ],
)
async def test_the_page_of_the_event_says_what_became_of_each_reminder(
    client: httpx.AsyncClient, database: Database, state: str, reason: str | None, words: list[str]
) -> None:
    await make_survey(database, delay_minutes=0, reminders=some_reminders(3))
    await go_live(database)
    await decide(database, a_transaction())
    (invitation,) = await rows(database, "SELECT id, event_id FROM invitation")
    async with database.transaction() as uow:
        await uow.execute("UPDATE invitation SET state = 'sent', sent_at = :now", {"now": uow.now})
        await uow.execute(
            "INSERT INTO delivery (tenant, about_id, n, kind, state, reason, due_at, settled_at) "
            "VALUES (:tenant, :id, 2, 'reminder', :state, :reason, :due_at, :settled_at)",
            {
                "tenant": TENANT, "id": invitation.id, "state": state, "reason": reason,
                "due_at": NOON + timedelta(days=3),
                "settled_at": None if state == "waiting" else NOON + timedelta(days=4),
            },
        )  # fmt: skip
    page = (await client.get(f"/events/{invitation.event_id}", headers=a_person())).text
    assert "The mail was sent." in page
    for sentence in words:
        assert sentence in page
    assert ("23 November" if state == "waiting" else "24 November") in page
    if state == "waiting":
        pause = (await client.get(f"/surveys/{await only_survey(database)}/pause", headers=a_person())).text
        assert "1 mail waits for it." in pause


async def only_survey(database: Database) -> str:
    (row,) = await rows(database, "SELECT id FROM survey")
    return str(row.id)
