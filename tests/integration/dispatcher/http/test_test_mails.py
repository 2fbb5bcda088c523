"""A test of a survey: sent to a test address as a customer would get it, whatever the survey's state."""

import asyncio
from dataclasses import dataclass, replace
from uuid import UUID

import httpx
import msgspec
import pytest
from support.dispatcher_builders import (
    a_transaction,
    decide,
    go_live,
    list_test_addresses,
    make_survey,
    published,
    rows,
)
from support.dispatcher_client import FOREIGN_KEY, KEY, a_person, csrf_header
from support.forms import forms_of
from support.http_clients import SECRET

from services.dispatcher.surveys.test_mails import TEST_SOURCE
from shared.db.database import Database
from shared.events import TRANSACTIONS, Transaction
from shared.privacy.own_address import OWN_ADDRESS_PATH, OwnAddress
from shared.privacy.service_client import PERSONAL_DATA_PATH, ServiceClient
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceTokens

OWN = "own@havnbo.example"
AS_A_KEY = {"authorization": f"Bearer {KEY}"}


async def published_tests(database: Database) -> list[Transaction]:
    return [each for each in await published(database, TRANSACTIONS) if each.source == TEST_SOURCE]


async def test_a_test_of_a_paused_survey_is_asked_by_it_alone_and_leaves(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_survey(database, name="first", trigger="*")
    survey = await make_survey(database, name="tested", trigger="order.*", state="paused")
    await go_live(database)
    await list_test_addresses(database, OWN)
    path = f"/surveys/{survey.id}/preview?language=da"
    page = (await client.get(path, headers=a_person("editor"))).text
    (found,) = [one for one in forms_of(page) if one.action == f"/surveys/{survey.id}/test-mail"]
    sent = await client.post(found.action, data={**found.fields, "address": OWN}, headers=a_person("editor"))
    assert sent.status_code == 303
    assert OWN not in sent.headers["location"]
    shown = (await client.get(sent.headers["location"], headers=a_person("editor"))).text
    (event,) = await published_tests(database)
    assert f"/events/{event.event_id}" in shown
    await decide(database, event)
    (asked,) = await rows(database, "SELECT survey_id, test, state, body FROM invitation")
    assert (asked.survey_id, asked.test, asked.state) == (survey.id, True, "waiting")
    assert b'"language":"da"' in asked.body
    story = await client.get(f"/events/{event.event_id}", headers=a_person("editor"))
    assert story.status_code == 200
    # It starts no quarantine, and a second one is sent as well.
    page = (await client.get(path, headers=a_person("editor"))).text
    (found,) = [one for one in forms_of(page) if one.action == f"/surveys/{survey.id}/test-mail"]
    again = await client.post(found.action, data={**found.fields, "address": OWN}, headers=a_person("editor"))
    assert again.status_code == 303
    await decide(database, (await published_tests(database))[-1])
    assert len(await rows(database, "SELECT 1 FROM invitation WHERE state = 'waiting'")) == 2


async def test_nobody_but_a_test_address_gets_a_test(client: httpx.AsyncClient, database: Database) -> None:
    survey = await make_survey(database)
    await go_live(database)
    await list_test_addresses(database, OWN)
    body = {"address": "customer@example.com", "language": "en"}
    refused = await client.post(f"/v1/surveys/{survey.id}/test-mails", json=body, headers=AS_A_KEY)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "/address"
    path = f"/surveys/{survey.id}/preview"
    page = (await client.get(path, headers=a_person("editor"))).text
    (found,) = [one for one in forms_of(page) if one.action.endswith("/test-mail")]
    data = {**found.fields, "address": "customer@example.com"}
    posted = await client.post(found.action, data=data, headers=a_person("editor"))
    assert posted.status_code == 422
    assert "Is none of your test addresses" in posted.text
    assert await published_tests(database) == []
    # The address may be taken from the list between the request and the decision.
    accepted = await client.post(
        f"/v1/surveys/{survey.id}/test-mails", json={"address": OWN}, headers=AS_A_KEY
    )
    assert accepted.status_code == 202
    await list_test_addresses(database)
    (event,) = await published_tests(database)
    assert accepted.json()["event_id"] == str(event.event_id)
    await decide(database, event)
    assert [one.reason for one in await rows(database, "SELECT reason FROM decision")] == ["no_survey"]


async def test_a_test_of_the_same_key_leaves_once_however_often_it_is_posted(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey, other = await make_survey(database), await make_survey(database, name="other")
    await go_live(database)
    await list_test_addresses(database, OWN)

    async def post(of: UUID, key: str | None, language: str = "en") -> str:
        sent = await client.post(
            f"/v1/surveys/{of}/test-mails",
            json={"address": OWN, "language": language},
            headers={**AS_A_KEY, **({"Idempotency-Key": key} if key else {})},
        )
        assert sent.status_code == 202
        return str(sent.json()["event_id"])

    same = await asyncio.gather(*(post(survey.id, "once") for _ in range(4)))
    assert len(set(same)) == 1
    others = [
        await post(survey.id, "twice"),
        await post(other.id, "once"),
        await post(survey.id, "once", "da"),
        await post(survey.id, None),
        await post(survey.id, None),
    ]
    assert len({*same, *others}) == 6
    for event in await published_tests(database):
        await decide(database, event)
    assert len(await rows(database, "SELECT 1 FROM invitation WHERE state = 'waiting'")) == 6


@pytest.mark.parametrize("role", ["leader", "agent", "analyst"])
async def test_who_may_not_edit_sends_no_test(
    client: httpx.AsyncClient, database: Database, role: str
) -> None:
    survey = await make_survey(database)
    await list_test_addresses(database, OWN)
    reader = a_person(role)  # type: ignore[arg-type]
    page = await client.get(f"/surveys/{survey.id}/preview", headers=reader)
    assert page.status_code == 200
    assert OWN not in page.text
    posted = await client.post(f"/surveys/{survey.id}/test-mail", data={"address": OWN}, headers=reader)
    assert posted.status_code in {403, 404}
    assert await published_tests(database) == []


async def test_another_companys_survey_is_not_tested(client: httpx.AsyncClient, database: Database) -> None:
    survey = await make_survey(database)
    await list_test_addresses(database, OWN, tenant="another")
    headers = {"authorization": f"Bearer {FOREIGN_KEY}"}
    answer = await client.post(f"/v1/surveys/{survey.id}/test-mails", json={"address": OWN}, headers=headers)
    assert answer.status_code == 404
    unknown = await client.post(
        f"/v1/surveys/{UUID(int=1)}/test-mails", json={"address": OWN}, headers=AS_A_KEY
    )
    assert unknown.status_code == 404


async def test_an_event_of_a_client_at_a_test_address_does_not_wake_a_paused_survey(
    database: Database,
) -> None:
    await make_survey(database, state="paused")
    await list_test_addresses(database, OWN)
    await decide(database, a_transaction())
    assert [one.reason for one in await rows(database, "SELECT reason FROM decision")] == ["paused"]


MINE = "sara.lund@havnbo.example"


@dataclass
class Accounts:
    """What alerts answers of the addresses of colleagues."""

    tokens: ServiceTokens
    address: str | None = MINE
    away: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == f"{PERSONAL_DATA_PATH}/alerts/{OWN_ADDRESS_PATH}"
        token = request.headers["authorization"].removeprefix(f"{TOKEN_SCHEME} ")
        assert self.tokens.verify("own-address", token) is not None
        body = msgspec.json.encode(OwnAddress(self.address))
        return httpx.Response(503) if self.away else httpx.Response(200, content=body)


def with_accounts(client: httpx.AsyncClient, database: Database) -> Accounts:
    """Let the dispatcher ask these."""
    assert isinstance(client._transport, httpx.ASGITransport)
    state = client._transport.app.state  # type: ignore[attr-defined]
    accounts = Accounts(ServiceTokens(SECRET, clock=database.clock))
    services = ServiceClient("http://internal.example", accounts.tokens, httpx.MockTransport(accounts))
    state.context = replace(state.context, services=services)
    return accounts


async def test_an_editor_sends_a_test_to_their_own_address_which_is_listed_with_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    accounts = with_accounts(client, database)
    survey = await make_survey(database)
    editor = a_person("editor")
    page = (await client.get(f"/surveys/{survey.id}/preview", headers=editor)).text
    assert "My own address" in page
    (found,) = [one for one in forms_of(page) if one.action.endswith("/test-mail")]
    accounts.away = True
    away = await client.post(found.action, data={**found.fields, "address": "own"}, headers=editor)
    assert away.status_code == 503
    assert "could not be looked up" in away.text
    accounts.away = False
    sent = await client.post(found.action, data={**found.fields, "address": "own"}, headers=editor)
    assert sent.status_code == 303
    assert MINE not in sent.headers["location"]
    (event,) = await published_tests(database)
    await decide(database, event)
    (asked,) = await rows(database, "SELECT test, state FROM invitation")
    assert (asked.test, asked.state) == (True, "waiting")
    (listed,) = await rows(database, "SELECT test_addresses FROM sending WHERE tenant = 'havnbo'")
    assert listed.test_addresses == [MINE]
    again = await client.post(found.action, data={**found.fields, "address": "own"}, headers=editor)
    assert again.status_code == 303


async def test_the_api_takes_the_own_address_of_a_colleague_and_no_other_one(
    client: httpx.AsyncClient, database: Database
) -> None:
    accounts = with_accounts(client, database)
    survey = await make_survey(database)
    path, editor = f"/v1/surveys/{survey.id}/test-mails", {**a_person("editor"), **csrf_header()}
    by_key = await client.post(path, json={"address": MINE}, headers=AS_A_KEY)
    assert by_key.status_code == 422, "a key is nobody's"
    other = await client.post(path, json={"address": "customer@example.com"}, headers=editor)
    assert other.status_code == 422
    accounts.address = None
    assert (await client.post(path, json={"address": MINE}, headers=editor)).status_code == 422
    assert await published_tests(database) == []
    accounts.address = MINE
    own = await client.post(path, json={"address": MINE.upper()}, headers=editor)
    assert own.status_code == 202, own.text
    assert len(await published_tests(database)) == 1
