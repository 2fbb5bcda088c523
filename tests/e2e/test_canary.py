"""One customer, one colleague and one key that nobody must read about: they go through every door, and the
logs, metrics and dead letters of the real processes are read afterwards.
"""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from support.eventually import eventually
from support.full_stack import Company, FullStack, start_company
from support.kernel_service import records_of
from support.plain_http import plain_client

from deploy.local.state import SERVICES, State
from shared.events import ANSWERS, TRANSACTIONS
from shared.kafka.kernel.clients import new_producer, stop_producer
from shared.kafka.kernel.dead_letters import HEADER_PREFIX, KEY_HEADER, dead_letter_topic

pytestmark = pytest.mark.timeout(300)

ADDRESS = "canary.address@example.com"
NEVER = "canary.never@example.com"
COLLEAGUE = "canary.colleague@example.com"
PASSWORD = "a canary sings its password"
CANARIES = ("canary", "+4598765432", "98765432")
"""What every name, address, number, word and password of this test contains."""
FORM = {"content-type": "application/x-www-form-urlencoded"}


def an_event(id_: str, **customer: str) -> dict[str, Any]:
    return {
        "id": id_,
        "type": "order.delivered",
        "occurred_at": datetime.now(UTC).isoformat(),
        "customer": {"id": f"c-{id_}", "name": "Canary Whitfield", "phone": "+4598765432", **customer},
        "attributes": {"product": "canary cage"},
    }


@pytest.fixture
async def client(stack: FullStack) -> AsyncIterator[httpx.AsyncClient]:
    async with plain_client(stack.origin) as client:
        yield client


async def test_no_log_metric_or_dead_letter_tells_of_a_person_or_a_secret(
    stack: FullStack, client: httpx.AsyncClient
) -> None:
    company = start_company(stack, "Cage", COLLEAGUE)
    stack.run("live", company.tenant, "--yes")
    secrets = {company.key, company.link.rpartition("/")[2]}
    secrets |= await _knock_wrongly(client, company)
    secrets |= await _sign_in(client, company)
    secrets |= await _answer(stack, client, company)
    await _care(client, company)
    await _import(client, company)
    reasons = await _send_impossible_records(stack)
    lines = await _audit_lines(client)

    told = {f"log {path.name}": path.read_text() for path in (stack.root / "logs").glob("*.log*")}
    assert any('"event":"request"' in log for log in told.values())
    state = State.open(stack.root)
    for place in (stack.origin, *(f"http://127.0.0.1:{state.ports[f'{one}_health']}" for one in SERVICES)):
        answer = await client.get(f"{place}/metrics")
        told[f"metrics {place}"] = answer.raise_for_status().text
    told["reasons of dead letters"] = "\n".join(reasons)
    told["who looked"] = "\n".join(lines)
    faults = [
        f"{where}: {line[:300]}"
        for where, text in told.items()
        if "kafka" not in where and "postgres" not in where and "mailbox" not in where
        for line in text.splitlines()
        if any(word.lower() in line.lower() for word in (*CANARIES, *secrets))
    ]
    assert not faults, "\n".join(faults)


async def _knock_wrongly(client: httpx.AsyncClient, company: Company) -> set[str]:
    """Wrong keys, bodies and links; returns the secrets of it."""
    wrong, token = "aw_wrong-canary-key", "Q" * 43
    asked = [
        client.post("/v1/events", json={}, headers={"Authorization": f"Bearer {wrong}"}),
        client.post("/v1/events", content=b'{"canary": ', headers=company.headers),
        client.post("/v1/events", json={"customer": "canary"}, headers=company.headers),
        client.post("/v1/surveys", json={"name": "canary", "trigger": "can ary"}, headers=company.headers),
        client.post("/v1/suppressions", json={"email": NEVER}, headers=company.headers),
        client.post("/v1/suppressions", json={"customer_id": "canary"}, headers=company.headers),
        client.delete("/v1/suppressions/customer:canary?reason=canary", headers=company.headers),
        client.put("/v1/placeholder-ids", json={"ids": ["canary"]}, headers=company.headers),
        client.post(f"/u/{token}/choice", data={"choice": "canary"}),
        client.get(f"/u/{token}/again"),
        client.post(f"/u/{token}/again"),
        client.get("/v1/decisions", params={"event_id": "canary"}, headers=company.headers),
        client.get("/v1/answers", params={"after": "canary"}, headers=company.headers),
        *(client.get(f"{path}{token}") for path in ("/s/", "/s//", "/u/", "/q/", "/login/link/")),
        client.post(f"/s/{token}", data={"score": "canary"}),
        client.post(f"/s/{token}/not-solved", data={"words": "canary"}),
        client.get(f"/s/{token}/question?lang=canary"),
        client.post(f"/s/{token}/question", data={"score": "canary"}),
        client.post("/login", data={"address": COLLEAGUE, "password": f"{PASSWORD} wrongly"}),
    ]
    for answer in asked:
        assert (await answer).status_code != 500
    return {wrong, token}


async def _sign_in(client: httpx.AsyncClient, company: Company) -> set[str]:
    answer = await client.post(company.link, data={"password": PASSWORD})
    assert answer.status_code == 303, answer.text
    csrf: list[str] = []
    for page in ("/", "/segments?q=canary", "/inbox", "/surveys", "/events?q=canary", "/settings"):
        found = await client.get(page, headers={"accept": "text/html"})
        assert found.status_code == 200, page
        csrf = re.findall(r'name="csrf" value="([0-9a-f]+)"', found.text)
    form = {"csrf": csrf[0], "act": "invite", "address": "canary.new@example.com", "name": "Canary"}
    answer = await client.post("/settings/people", data={**form, "role": "agent"})
    assert answer.status_code == 303, answer.text
    return {csrf[0], *client.cookies.values()}


async def _answer(stack: FullStack, client: httpx.AsyncClient, company: Company) -> set[str]:
    """An event, its mail, the page, the answer."""
    for event in (an_event("order-1", email=ADDRESS), an_event("order-2", email=NEVER)):
        answer = await client.post("/v1/events", json=event, headers=company.headers)
        assert answer.status_code == 202, answer.text

    async def mails() -> list[dict[str, Any]]:
        async with plain_client(stack.mailbox) as mailbox:
            return list((await mailbox.get("/api/mails", params={"to": ADDRESS})).json())

    (mail, *_) = await eventually(mails, within=60)
    (token,) = {found[1] for link in mail["links"] if (found := re.search(r"/s/([\w-]{43})", link))}
    (leave,) = {found[1] for link in mail["links"] if (found := re.search(r"/u/([\w-]{43})", link))}
    page = await client.get(f"/s/{token}?v=2", headers={"user-agent": "Mozilla/5.0"})
    nonce = re.search(r'name="nonce" value="([^"]+)"', page.text)
    assert nonce
    form = {"score": "2", "comment": "the canary died", "may_contact": "yes", "nonce": nonce[1]}
    answer = await client.post(f"/s/{token}", data={**form, "action": "send"})
    assert answer.status_code == 303, answer.text
    assert (await client.post(f"/u/{leave}")).status_code == 200
    return {token, leave, nonce[1]}


async def _care(client: httpx.AsyncClient, company: Company) -> None:
    async def cases() -> list[dict[str, Any]]:
        return list((await client.get("/v1/cases", headers=company.headers)).json()["cases"])

    (case,) = await eventually(cases, within=30)
    acts: list[dict[str, Any]] = [
        {"act": "note", "text": "the canary was fed"},
        {"act": "contact", "how": "call", "reached": True, "text": "called the canary"},
        {"act": "reveal"},
        {"act": "close", "cause": "canary", "action": "canary", "outcome": "recovered", "told": True},
        {"act": "close", "cause": "delivery.late", "action": "canary", "outcome": "recovered", "told": True},
    ]
    for act in acts:
        answer = await client.post(f"/v1/cases/{case['id']}/actions", json=act, headers=company.headers)
        assert answer.status_code == (422 if act.get("cause") == "canary" else 200), answer.text


async def _audit_lines(client: httpx.AsyncClient) -> list[str]:
    """The log of who looked, as an administrator downloads it; the names of colleagues belong there."""

    async def found() -> list[dict[str, Any]]:
        lines = list((await client.get("/audit/export")).raise_for_status().json()["lines"])
        acts = {line["act"] for line in lines}
        wanted = {
            "address_shown", "company_created", "key_created", "person_invited", "sending",
            "suppression", "suppression_lifted", "survey",
        }  # fmt: skip
        assert wanted <= acts, wanted - acts
        return lines

    lines = await eventually(found, within=30)
    return [json.dumps({**line, "who": ""}) for line in lines]


async def _import(client: httpx.AsyncClient, company: Company) -> None:
    answers = [
        {"id": "1", "score": 9, "comment": "a canary sang", "answered_at": "2026-10-01T12:00:00Z",
         "customer": {"email": ADDRESS}},
        {"id": "canary", "score": "canary", "answered_at": "canary"},
    ]  # fmt: skip
    answer = await client.post("/v1/answers/import", json={"answers": answers}, headers=company.headers)
    assert answer.status_code == 200, answer.text


async def _send_impossible_records(stack: FullStack) -> list[str]:
    """Unreadable records that quote the canary wherever a reader may look; why they were put aside."""
    kafka = State.open(stack.root).kafka
    head = b'{"id":"1","source":"/x","subject":"1","time":"2026-11-22T12:00:00Z","tenant":"cage",'
    bad = [
        b"the canary is no JSON",
        head + b'"type":"canary","data":{}}',
        head + b'"type":"afterword.answer.changed","data":{"id":"canary"}}',
        head + b'"type":"afterword.answer.changed","data":{"id":"01900000-0000-7000-8000-000000000001",'
        b'"version":1,"state":"canary","origin":"canary","changed_at":"canary"}}',
        head + b'"type":"afterword.answer.changed","data":{"id":"01900000-0000-7000-8000-000000000001",'
        b'"version":1,"state":"sent","origin":"survey","segments":{"canary":1},"changed_at":"canary"}}',
    ]
    producer = new_producer(kafka, "canary")
    await producer.start()
    try:
        for topic in (ANSWERS.name, TRANSACTIONS.name):
            for value in bad:
                await producer.send_and_wait(topic, value, b"cage/canary", partition=0)
    finally:
        await stop_producer(producer)
    found: list[str] = []
    for topic, service in ((ANSWERS.name, "alerts"), (TRANSACTIONS.name, "dispatcher")):
        letters = dead_letter_topic(topic, service)

        async def dead_letters(letters: str = letters) -> list[str]:
            records = await records_of(kafka, letters)
            told = [
                f"{name} {value.decode()}"
                for _, _, headers in records
                for name, value in headers.items()
                if name.startswith(HEADER_PREFIX) and name != KEY_HEADER  # the record's own, as its value
            ]
            return told if len(records) >= len(bad) else []

        found += await eventually(dead_letters, within=60)
    return found
