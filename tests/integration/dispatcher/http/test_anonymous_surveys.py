"""A survey that keeps its answers without a person: set by API and form, promised by the mail, and told."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from support.dispatcher_builders import (
    TENANT,
    a_transaction,
    consume,
    decide,
    go_live,
    invitations,
    keep_tenant,
    make_survey,
    published,
    rows,
)
from support.dispatcher_client import a_person, by_key, form
from support.forms import forms_of
from support.http_clients import SECRET, afterword_settings

from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.repository.restoring import restore_surveys
from services.dispatcher.story.handlers import keep_answers
from shared.db.database import Database
from shared.events import ANSWERS, SURVEYS, Answer, SurveyTexts
from shared.ids import uuid7
from shared.link_tokens import LinkSigner

SURVEY = {"name": "After delivery", "trigger": "order.delivered"}
NOW = datetime.now(UTC)


async def test_the_api_sets_shows_and_publishes_it(client: httpx.AsyncClient, database: Database) -> None:
    made = (await client.post("/v1/surveys", json={**SURVEY, "anonymous": True}, headers=by_key())).json()
    plain = (await client.post("/v1/surveys", json=SURVEY, headers=by_key())).json()
    assert (made["anonymous"], plain["anonymous"]) == (True, False)
    where = f"/v1/surveys/{made['id']}"
    changed = await client.patch(where, json={"name": "Another"}, headers=by_key())
    assert changed.json()["anonymous"] is True
    assert changed.json()["survey_version"] == 1
    named = await client.patch(where, json={"anonymous": False}, headers=by_key())
    assert named.json()["anonymous"] is False
    refused = await client.patch(where, json={"anonymous": "perhaps"}, headers=by_key())
    assert refused.status_code == 422
    assert [survey.anonymous for survey in await published(database, SURVEYS)] == [True, False, True, False]


async def test_the_form_sets_it_and_a_form_of_before_leaves_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    made = await make_survey(database)
    path = f"/surveys/{made.id}"

    async def save(**fields: str) -> None:
        page = (await client.get(path, headers=a_person())).text
        (found,) = [one for one in forms_of(page) if one.action == path]
        assert found.fields["anonymous"] in {"yes", "no"}
        posted = {**{k: v for k, v in found.fields.items() if k != "anonymous"}, **form(**fields, act="save")}
        assert (await client.post(path, data=posted, headers=a_person())).status_code == 303

    await save(anonymous="yes")
    page = (await client.get(path, headers=a_person())).text
    assert "What anonymous means" in page
    assert '<option value="yes" selected>' in page
    await save(name="From a page that was open")
    (row,) = await rows(database, "SELECT name, anonymous FROM survey")
    assert tuple(row) == ("From a page that was open", True)
    faulty = await client.post("/surveys/new", data=form(**SURVEY, anonymous="perhaps"), headers=a_person())
    assert faulty.status_code == 422
    assert "Choose whether answers are kept with the customer." in faulty.text


async def invited(database: Database) -> UUID:
    """The event of a customer who was asked anonymously."""
    await keep_tenant(database)
    await make_survey(database, delay_minutes=0, anonymous=True)
    await go_live(database)
    transaction = a_transaction()
    await decide(database, transaction)
    await rows_changed(database, "UPDATE invitation SET state = 'sent', sent_at = now()")
    return transaction.event_id


async def rows_changed(database: Database, sql: str) -> None:
    async with database.transaction() as uow:
        await uow.execute(sql)


async def test_an_invitation_carries_the_promise_and_its_link_says_it(database: Database) -> None:
    await invited(database)
    invitation = (await invitations(database))[-1]
    assert invitation.anonymous
    await rows_changed(database, "UPDATE survey SET anonymous = false")
    tenant = await keep_tenant(database, version=2)
    mail = SurveyMailRenderer(afterword_settings("127.0.0.1:1")).render(invitation, tenant, SurveyTexts())
    anonymous = LinkSigner(SECRET).sign("anonymous", invitation.id)
    for part in (mail.html, mail.text):
        assert f"/s/{anonymous}" in part
        assert LinkSigner(SECRET).sign("answer", invitation.id) not in part


@pytest.mark.parametrize(("language", "words"), [
    ("en", "This survey is anonymous: your answer is kept without your name"),
    ("da", "Dette spørgeskema er anonymt: dit svar gemmes uden dit navn"),
    ("nl", "Deze enquête is anoniem: uw antwoord wordt zonder uw naam bewaard"),
])  # fmt: skip
async def test_the_mail_says_it_in_one_line(
    client: httpx.AsyncClient, database: Database, language: str, words: str
) -> None:
    anonymous = await make_survey(database, anonymous=True)
    named = await make_survey(database)
    for survey, says_it in ((anonymous, True), (named, False)):
        page = await client.get(
            f"/surveys/{survey.id}/mail", params={"language": language}, headers=a_person()
        )
        assert (words in page.text) is says_it
        preview = await client.get(
            f"/surveys/{survey.id}/preview", params={"language": language}, headers=a_person()
        )
        assert (words in preview.text) is says_it


async def test_the_page_of_an_event_says_that_its_answer_is_not_known(
    client: httpx.AsyncClient, database: Database
) -> None:
    event_id = await invited(database)
    answer = Answer(
        id=UUID(int=5, version=4), version=1, state="sent", origin="survey", score=3, anonymous=True,
        person="", answered_at=NOW, changed_at=NOW, segments={"touchpoint": "checkout", "store": "aarhus"},
    )  # fmt: skip
    await consume(database, keep_answers, ANSWERS, answer)
    page = (await client.get(f"/events/{event_id}", headers=a_person())).text
    assert "This survey is anonymous: which answer came of this event is not kept." in page
    assert "answered 3" not in page
    assert str(answer.id) not in page
    listed = (await client.get("/events", headers=a_person())).text
    assert "Asked; whether it was answered is not kept" in listed
    assert await rows(database, "SELECT 1 FROM answer_heard") == []


async def test_who_asked_to_be_contacted_is_shown_as_any_other(
    client: httpx.AsyncClient, database: Database
) -> None:
    event_id = await invited(database)
    invitation = (await invitations(database))[-1]
    facts: dict[str, Any] = {"answered_at": NOW, "changed_at": NOW, "event_id": event_id}
    answer = Answer(
        id=invitation.id, version=1, state="sent", origin="survey", score=3, may_contact=True, **facts
    )
    await consume(database, keep_answers, ANSWERS, answer)
    page = (await client.get(f"/events/{event_id}", headers=a_person())).text
    assert "The customer answered 3 and sent it." in page
    assert "This survey is anonymous" not in page
    assert "Answered 3" in (await client.get("/events", headers=a_person())).text


async def test_a_survey_that_is_restored_is_still_anonymous(database: Database) -> None:
    await make_survey(database, id=uuid7(), anonymous=True)
    (survey,) = await published(database, SURVEYS)
    await rows_changed(database, "TRUNCATE survey CASCADE")
    await consume(database, restore_surveys, SURVEYS, survey, tenant=TENANT)
    (row,) = await rows(database, "SELECT anonymous FROM survey")
    assert row.anonymous
