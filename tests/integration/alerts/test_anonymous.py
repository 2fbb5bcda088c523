"""An anonymous detractor opens a case with nobody to contact, and no one else's case is touched."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from support.alerts_api import AlertsApi
from support.alerts_builders import act_on_answers, an_answer, deliver, rows

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.recovery.handlers import case_file_of
from shared.db.database import Database
from shared.events import CASES, Answer

MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def anonymous(**changes: Any) -> Answer:
    """An anonymous answer of today as the collector publishes it."""
    fields: dict[str, Any] = {
        "id": uuid4(), "version": 3, "anonymous": True, "customer_id": None, "person": "",
        "answered_at": MIDNIGHT, "changed_at": MIDNIGHT,
    }  # fmt: skip
    return an_answer(**{**fields, **changes})


async def cases(database: Database) -> list[Any]:
    return await rows(database, "SELECT * FROM cases ORDER BY opened_at, id")


async def test_it_opens_a_case_of_its_own_without_anybody(database: Database) -> None:
    first, second = anonymous(score=1), anonymous(score=5)
    await deliver(database, act_on_answers, first, second)
    await deliver(database, act_on_answers, first, second)
    found = await cases(database)
    assert {case.answer_id for case in found} == {first.id, second.id}
    for case in found:
        assert case.anonymous
        assert (case.customer_id, case.contact_key, case.person, case.event_id) == (None, "", "", None)
        assert case.may_contact is None
        assert case.due_at == case.close_due_at == MIDNIGHT + timedelta(days=7)
        assert case.segments == first.segments
    published = await rows(database, "SELECT value FROM outbox WHERE topic = 'cases.v1'")
    events = [CASES.decode(row.value) for row in published]
    assert {(event.data.anonymous, event.data.customer_id, event.data.event_id) for event in events} == {
        (True, None, None)
    }


async def test_a_case_that_is_restored_from_its_event_has_nobody_either(database: Database) -> None:
    await deliver(database, act_on_answers, anonymous())
    (case,) = await cases(database)
    (row, *_) = await rows(database, "SELECT value FROM outbox WHERE topic = 'cases.v1' ORDER BY seq DESC")
    restored: CaseFile = case_file_of(CASES.decode(row.value))
    assert restored.anonymous
    assert not restored.waits_for_contact
    assert restored.close_due_at == case.close_due_at


async def test_the_page_says_in_words_that_there_is_nobody(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await deliver(alerts.database, act_on_answers, anonymous(comment="The leg is split."))
    (case,) = await cases(alerts.database)
    page = (await jonas.get(f"/cases/{case.id}")).text
    for words in (
        "A customer gave a 2 without a name.", "The leg is split.", "Nobody to contact.",
        "whose answer it is was never kept", "Nobody knows whose answer this is.", "home delivery",
    ):  # fmt: skip
        assert words in page
    for words in ("Log a contact", "Show the address", "Not reached yet", "/events/", "First contact"):
        assert words not in page
    assert "anonymous" in (await jonas.get("/inbox")).text
    refused = await jonas.do(
        f"/cases/{case.id}", act="contact", how="call", reached="yes", text="Spoke", version=str(case.version)
    )
    assert refused.status_code == 409
    assert "The answer is anonymous: there is nobody to contact." in refused.text
    assert (await jonas.do(f"/cases/{case.id}", act="reveal")).status_code == 409
    closed = await jonas.do(
        f"/cases/{case.id}", act="close", cause="delivery.damaged", action="Packed better.",
        outcome="explained", told="no", version=str(case.version),
    )  # fmt: skip
    assert closed.status_code == 303


async def test_the_api_says_it(alerts: AlertsApi) -> None:
    await deliver(alerts.database, act_on_answers, anonymous())
    (case,) = await cases(alerts.database)
    client = alerts.client()
    key = alerts.key("cases:read")
    found = (await client.get(f"/v1/cases/{case.id}", headers=key)).json()
    assert (found["anonymous"], found["customer_id"], found["contact_due_at"]) == (True, None, None)


@pytest.mark.parametrize(("language", "words"), [("da", "Ingen at kontakte."), ("nl", "Niemand om contact")])
async def test_the_page_says_it_in_the_readers_language(alerts: AlertsApi, language: str, words: str) -> None:
    jonas = await alerts.signed_in()
    await deliver(alerts.database, act_on_answers, anonymous())
    (case,) = await cases(alerts.database)
    jonas.client.headers["accept-language"] = language
    assert words in (await jonas.get(f"/cases/{case.id}")).text


async def test_a_customer_who_is_known_keeps_a_case_of_their_own(database: Database) -> None:
    named = an_answer()
    await deliver(database, act_on_answers, named, anonymous())
    found = {case.customer_id: case.anonymous for case in await cases(database)}
    assert found == {named.customer_id: False, None: True}
