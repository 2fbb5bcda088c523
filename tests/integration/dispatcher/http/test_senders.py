"""The senders of a company by API and page: declared, looked at, used once their records are seen."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from support.dispatcher_builders import rows
from support.dispatcher_client import a_person, by_key, csrf_header, form
from support.dns import DnsServer, a_dns_server
from support.http_clients import a_context, a_lent_context, api_client
from support.lent_databases import LentDatabases
from support.smtp import ScriptedServer, scripted_server
from support.stack import Postgres

from services.dispatcher.app import SERVICE
from services.dispatcher.repository import destinations
from services.dispatcher.senders.schedule import look_at_server
from shared.db.database import Database
from shared.service import Context
from shared.values.dkim_keys import new_key

KEY = new_key("i1")


def admin() -> dict[str, str]:
    """The headers of an administrator, whose pass is made now: it lives for minutes."""
    return {**a_person(), **csrf_header(), "accept": "application/json"}


@pytest.fixture
async def dns_server() -> AsyncIterator[DnsServer]:
    async with a_dns_server() as server:
        server.add("shop.example", "TXT", "v=spf1 include:provider.example -all")
        server.add("provider.example", "TXT", "v=spf1 ip4:198.51.100.0/24 -all")
        yield server


@pytest.fixture
async def smtp() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as server:
        yield server


@pytest.fixture
async def context(
    databases_to_lend: LentDatabases, dns_server: DnsServer, smtp: ScriptedServer
) -> AsyncIterator[Context]:
    async with a_lent_context(
        SERVICE,
        databases_to_lend,
        own={"company_senders": True},
        dns=dns_server.address,
        smtp_url=smtp.url,
        mail_from="ask@shop.example",
        public_url="https://ask.shop.example",
        spf="ip4:192.0.2.25 include:provider.example",
        dkim_keys=KEY.written(),
    ) as context:
        yield context


@pytest.fixture
async def client(context: Context) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(SERVICE, context) as client:
        yield client


def by_thing(check: httpx.Response) -> dict[str, Any]:
    assert check.status_code == 200, check.text
    return {each["about"]: each for each in check.json()["findings"]}


async def test_how_the_mail_server_encrypts_is_found_by_a_process_that_sends(
    client: httpx.AsyncClient, context: Context, smtp: ScriptedServer
) -> None:
    async def found() -> Any:
        return by_thing(await client.get("/v1/senders/installation/check", headers=admin()))["tls"]

    assert (await found())["verdict"] == "unknown"
    assert smtp.commands == []
    await look_at_server(context)
    assert (await found())["text"] == "The mail server is on this machine; nothing goes to it over a network."
    asked = len(smtp.commands)
    assert asked > 0
    await look_at_server(context)
    assert len(smtp.commands) == asked


async def test_a_sender_is_declared_looked_at_and_used_once_its_records_are_seen(
    client: httpx.AsyncClient, context: Context, dns_server: DnsServer
) -> None:
    await look_at_server(context)
    headers = {**admin(), "idempotency-key": "1"}
    made = await client.post("/v1/senders", json={"address": "Ask@Acme.example"}, headers=headers)
    again = await client.post("/v1/senders", json={"address": "Ask@Acme.example"}, headers=headers)
    assert (made.status_code, again.json()) == (201, made.json())
    (key,) = made.json()["keys"]
    assert (made.json()["address"], made.json()["state"]) == ("Ask@acme.example", "waiting")
    assert (key["seen_at"], key["signs"]) == (None, False)
    path = f"/v1/senders/{made.json()['id']}"
    found = by_thing(await client.get(f"{path}/check", headers=admin()))
    assert found["dkim"]["records"] == [key["record"]]
    assert found["dmarc"]["records"] == [
        {
            "name": "_dmarc.acme.example",
            "type": "TXT",
            "value": "v=DMARC1; p=none; rua=mailto:Ask@acme.example",
        }
    ]
    # What is there stays, and our host is put before its end.
    record = "v=spf1 include:provider.example ip4:192.0.2.25 -all"
    assert found["spf"]["records"] == [{"name": "shop.example", "type": "TXT", "value": record}]
    assert {about: each["verdict"] for about, each in found.items()} == {
        "dkim": "bad",
        "dmarc": "bad",
        "spf": "bad",
        "ptr": "bad",
        "tls": "good",
        "headers": "warning",
    }
    for each in (key["record"], *found["dmarc"]["records"], *found["spf"]["records"]):
        dns_server.add(each["name"], each["type"], each["value"])
    dns_server.add("25.2.0.192.in-addr.arpa", "PTR", "mail.shop.example.")
    dns_server.add("mail.shop.example", "A", "192.0.2.25")
    await client.get(f"{path}/check", headers=admin())
    (listed, installation) = (await client.get("/v1/senders", headers=admin())).json()["senders"]
    assert (listed["state"], installation["state"]) == ("waiting", "used")  # a look changes nothing
    checked = await client.post(f"{path}/check", headers=admin())
    assert checked.json()["passes"] is True
    (listed, installation) = (await client.get("/v1/senders", headers=admin())).json()["senders"]
    assert (listed["state"], installation["state"]) == ("used", "spare")
    found = by_thing(await client.get(f"{path}/check", headers=admin()))
    assert {each["verdict"] for each in found.values()} == {"good"}
    assert "From: Havnbo" not in str(found["headers"]["found"])
    assert any("Ask@acme.example" in line for line in found["headers"]["found"])
    acts = await rows(
        context.database, "SELECT convert_from(value, 'UTF8') FROM outbox WHERE topic LIKE 'audit%'"
    )
    assert sum('"act":"sender"' in line for (line,) in acts) == 1


async def test_the_installation_is_looked_at_too(
    client: httpx.AsyncClient, context: Context, dns_server: DnsServer
) -> None:
    await look_at_server(context)
    dns_server.add(KEY.record_name("shop.example"), "TXT", KEY.record)
    dns_server.add("_dmarc.shop.example", "TXT", "v=DMARC1; p=quarantine; adkim=s")
    found = by_thing(await client.get("/v1/senders/installation/check", headers=admin()))
    assert {about: each["verdict"] for about, each in found.items()} == {
        "dkim": "good",
        "dmarc": "good",
        "spf": "bad",
        "ptr": "bad",
        "tls": "good",
        "headers": "good",
    }


async def test_answers_of_others_cost_little_and_prove_nothing(
    client: httpx.AsyncClient, dns_server: DnsServer
) -> None:
    made = await client.post("/v1/senders", json={"address": "ask@acme.example"}, headers=admin())
    (key,) = made.json()["keys"]
    dns_server.add("shop.example", "TXT", "v=spf1 include:shop.example -all")
    dns_server.add("_dmarc.acme.example", "TXT", *(f"v=DMARC1; p=none; rua={n}" for n in range(50)))
    dns_server.add(key["record"]["name"], "TXT", "v=DKIM1; p=" + "A" * 30_000)
    found = by_thing(await client.post(f"/v1/senders/{made.json()['id']}/check", headers=admin()))
    assert {found[about]["verdict"] for about in ("dkim", "dmarc", "spf")} == {"bad"}
    assert len(dns_server.asked) < 40
    dns_server.broken |= {"shop.example", "_dmarc.acme.example", key["record"]["name"]}
    found = by_thing(await client.post(f"/v1/senders/{made.json()['id']}/check", headers=admin()))
    assert {found[about]["verdict"] for about in ("dkim", "dmarc", "spf")} == {"unknown"}


@pytest.mark.parametrize("address", ["nobody", "a@b", "a@shop.local", "a b@shop.example", "é@shop.example"])
async def test_what_cannot_be_a_sender_is_refused(client: httpx.AsyncClient, address: str) -> None:
    refused = await client.post("/v1/senders", json={"address": address}, headers=admin())
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "/address")


async def test_only_administrators_of_the_whole_company_see_and_change_senders(
    client: httpx.AsyncClient,
) -> None:
    made = await client.post("/v1/senders", json={"address": "ask@acme.example"}, headers=admin())
    path = f"/v1/senders/{made.json()['id']}"
    for person in (a_person("editor"), a_person("analyst"), a_person(segments=("touchpoint:shop",))):
        headers = {**person, **csrf_header(), "accept": "application/json"}
        for method, where in (("GET", "/v1/senders"), ("GET", f"{path}/check"), ("DELETE", path)):
            assert (await client.request(method, where, headers=headers)).status_code == 403
    foreign = {**a_person(tenant="another"), **csrf_header(), "accept": "application/json"}
    for method, where in (("GET", f"{path}/check"), ("POST", f"{path}/keys"), ("DELETE", path)):
        assert (await client.request(method, where, headers=foreign)).status_code == 404
    assert (await client.delete(path, headers=admin())).status_code == 204
    assert (await client.delete(path, headers=admin())).status_code == 404
    assert (await client.get("/v1/senders", headers=by_key("no key"))).status_code == 401


async def test_an_administrator_does_it_all_by_pages(
    client: httpx.AsyncClient, dns_server: DnsServer
) -> None:
    page = await client.get("/senders", headers=a_person())
    assert "Surveys come from <bdi>ask@shop.example</bdi>." in page.text
    wrong = await client.post("/senders", data=form(address="nobody"), headers=a_person())
    assert wrong.status_code == 422
    assert 'value="nobody"' in wrong.text
    made = await client.post("/senders", data=form(address="ask@acme.example"), headers=a_person())
    assert made.status_code == 303
    path = made.headers["location"].partition("?")[0]
    page = await client.get(path, headers=a_person())
    assert "_domainkey.acme.example" in page.text
    assert "Publish this record in the DNS of the domain:" in page.text
    (sender, _) = (await client.get("/v1/senders", headers=admin())).json()["senders"]
    record = sender["keys"][0]["record"]
    dns_server.add(record["name"], "TXT", record["value"])
    dns_server.add("_dmarc.acme.example", "TXT", "v=DMARC1; p=reject; rua=<script>alert(1)</script>")
    dns_server.add("shop.example", "TXT", "v=spf1 include:provider.example ip4:192.0.2.25 -all")
    looked = await client.post(f"{path}/check", data=form(), headers=a_person())
    assert "Your surveys come from this address." in looked.text
    assert "<script>alert" not in looked.text
    assert (await client.post(f"{path}/keys", data=form(), headers=a_person())).status_code == 303
    again = await client.post(f"{path}/keys", data=form(), headers=a_person())
    assert again.status_code == 409
    assert "it has not been seen yet" in again.text
    assert (await client.post(f"{path}/remove", data={}, headers=a_person())).status_code == 403  # no token
    assert (await client.post(f"{path}/remove", data=form(), headers=a_person())).status_code == 303
    assert (await client.get(path, headers=a_person())).status_code == 404


async def test_where_the_operator_allows_none_there_is_the_installation_alone(
    postgres: Postgres, dns_server: DnsServer
) -> None:
    context = await a_context(SERVICE, postgres, dns=dns_server.address)
    async with api_client(SERVICE, context) as client:
        refused = await client.post("/v1/senders", json={"address": "ask@acme.example"}, headers=admin())
        assert refused.status_code == 409
        page = await client.get("/senders", headers=a_person())
        assert 'name="address"' not in page.text
    await context.database.close()


async def test_administrators_see_that_mails_of_a_domain_are_held(
    client: httpx.AsyncClient, database: Database
) -> None:
    assert "one mail in half an hour" not in (await client.get("/senders", headers=a_person())).text
    async with database.transaction() as uow:
        before = await destinations.insert_and_lock(uow, b"a domain")
        await destinations.write(uow, b"a domain", before.after_returns(uow.now, uow.now))
    assert "one mail in half an hour" in (await client.get("/senders", headers=a_person())).text
