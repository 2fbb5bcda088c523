"""``/v1/identity-provider`` and ``/v1/sign-in-rules``: the commands of their pages, for programs."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from support.alerts_api import AlertsApi
from support.alerts_builders import TENANT, rows
from support.audit import audit_lines
from support.hostile_provider import CLIENT_ID
from support.http_clients import context_on
from support.provider_world import ProviderWorld, asking_alerts, provider_world

from services.alerts.app import SERVICE
from shared.db.database import Database
from shared.http.csrf import CSRF_HEADER

PATH, RULES = "/v1/identity-provider", "/v1/sign-in-rules"
SECRET_WORDS = "very secret words"


@pytest.fixture
async def alerts(database: Database) -> AsyncIterator[AlertsApi]:
    """Alerts, which may ask servers of this machine."""
    async with asking_alerts(database) as found:
        yield found


@pytest.fixture
async def world(alerts: AlertsApi) -> AsyncIterator[ProviderWorld]:
    async with provider_world(alerts) as found:
        yield found


def body(world: ProviderWorld, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Okta",
        "issuer": world.provider.issuer,
        "client_id": "ours",
        "client_secret": SECRET_WORDS,
        "role_claim": "groups",
        "roles": [{"value": "bosses", "role": "admin"}, {"value": "cn=callers,dc=x", "role": "agent"}],
        "default_role": "analyst",
        "segments_claim": "stores",
        "segments": [{"value": "12", "segment": " store:aarhus "}, {"value": "all", "segment": "*"}],
        "provisions": True,
        **changes,
    }


async def sealed(alerts: AlertsApi) -> bytes | None:
    (row,) = await rows(alerts.database, "SELECT sealed FROM identity_provider WHERE tenant = :t", t=TENANT)
    return None if row.sealed is None else bytes(row.sealed)


async def test_what_a_program_saves_stands_on_the_page_and_no_answer_has_the_secret(
    world: ProviderWorld,
) -> None:
    admin, key, client = (
        await world.alerts.signed_in("admin"),
        world.alerts.key("admin"),
        world.alerts.client(),
    )
    saved = await client.put(PATH, json=body(world), headers=key)
    assert saved.status_code == 200, saved.text
    read = await client.get(PATH, headers=key)
    assert read.json() == saved.json()
    sent = {name: value for name, value in body(world).items() if name not in {"client_secret", "segments"}}
    assert {name: read.json()[name] for name in sent} == sent
    assert [one["segment"] for one in read.json()["segments"]] == ["store:aarhus", "*"]
    assert (read.json()["has_secret"], read.json()["only_way"]) == (True, False)
    assert read.json()["callback"].endswith("/login/provider/callback")
    assert read.json()["sign_in_address"].endswith(f"/login/provider?company={TENANT}")
    page = (await admin.get("/settings/identity-provider")).text
    assert "cn=callers,dc=x = agent" in page
    for answer in (saved.text, read.text, page):
        assert SECRET_WORDS not in answer
    assert SECRET_WORDS.encode() not in (await sealed(world.alerts) or b"")
    (line,) = await audit_lines(world.alerts.database)
    assert (line.act, line.who_kind, line.facts) == ("identity_provider_changed", "key", {})


async def test_the_secret_stays_with_its_issuer_and_client_alone(world: ProviderWorld) -> None:
    key, client = world.alerts.key("admin"), world.alerts.client()
    await client.put(PATH, json=body(world), headers=key)
    first = await sealed(world.alerts)
    kept = await client.put(PATH, json=body(world, client_secret=None, name="Entra"), headers=key)
    assert (kept.json()["has_secret"], await sealed(world.alerts)) == (True, first)
    other = await client.put(PATH, json=body(world, client_secret=None, client_id="another"), headers=key)
    assert (other.json()["has_secret"], await sealed(world.alerts)) == (False, None)


async def test_what_cannot_be_is_refused_with_its_field(world: ProviderWorld) -> None:
    key, client = world.alerts.key("admin"), world.alerts.client()
    before = (await client.get(PATH, headers=key)).json()
    for field, value, words in (
        ("issuer", "http://issuer.example", "begins with https://"),
        ("issuer", f"{world.provider.issuer}/", "calls itself"),
        ("name", " ", "Write the name"),
        ("client_id", "a\nb", "Write the client id"),
        ("segments", [{"value": "12", "segment": "aarhus"}], "dimension:value"),
        ("segments", [{"value": "12", "segment": " "}], "dimension:value"),
        ("roles/0/role", [{"value": "bosses", "role": "king"}], "admin"),
        ("client_secret", "", "character"),
    ):
        sent = body(world, **{field.partition("/")[0]: value})
        refused = await client.put(PATH, json=sent, headers=key)
        assert (refused.status_code, words in refused.text) == (422, True), refused.text
        assert [fault["field"] for fault in refused.json()["errors"]] == [f"/{field}"], refused.text
    assert (await client.get(PATH, headers=key)).json() == before
    assert await audit_lines(world.alerts.database) == []


async def test_an_inner_network_is_asked_by_a_program_only_where_the_operator_allows_it(
    world: ProviderWorld,
) -> None:
    context = context_on(SERVICE, world.alerts.database)
    app, _ = SERVICE.api(context)
    guarded, before = AlertsApi(context, app), await sealed(world.alerts)
    refused = await guarded.client().put(PATH, json=body(world), headers=guarded.key("admin"))
    assert (refused.status_code, "AFTERWORD_OUTBOUND_NETWORKS" in refused.text) == (422, True)
    assert await sealed(world.alerts) == before
    context.stopping.set()


async def test_it_is_the_only_way_once_an_administrator_has_come_in_by_it(world: ProviderWorld) -> None:
    anna = await world.alerts.signed_in("admin", name="Anna Admin")
    key, client = world.alerts.key("admin"), world.alerts.client()
    csrf = {CSRF_HEADER: await anna.csrf(), "accept": "application/json"}
    await world.sign_in()  # an agent's
    world.provider.claims |= {"groups": ["bosses"], "sub": "boss", "email": "boss@example.com"}
    for asking, headers, words in (
        (client, key, "An administrator signs in through the provider first"),
        (anna.client, csrf, "Sign in through the provider yourself first"),
    ):
        refused = await asking.patch(PATH, json={"only_way": True}, headers=headers)
        assert (refused.status_code, words in refused.text) == (422, True), refused.text
        assert refused.json()["errors"][0]["field"] == "/only_way"
    boss = world.alerts.client()
    await world.sign_in(boss)
    own = body(world, client_id=CLIENT_ID, segments_claim="", segments=[])
    assert (await client.put(PATH, json=own, headers=key)).status_code == 200
    untried = await client.patch(PATH, json={"only_way": True}, headers=key)  # set up anew since
    assert untried.status_code == 422
    await world.sign_in(boss)
    for _ in range(2):
        done = await client.patch(PATH, json={"only_way": True}, headers=key)
        assert (done.status_code, done.json()["only_way"]) == (200, True), done.text
    assert (await anna.get("/login/renew")).headers["location"].startswith("/login?")
    assert (await boss.get("/login/renew?next=/inbox")).headers["location"] == "/inbox"
    kept = await client.put(PATH, json=own, headers=key)
    assert kept.json()["only_way"] is True
    both = await client.patch(PATH, json={"only_way": False}, headers=key)
    assert both.json()["only_way"] is False
    facts = [
        line.facts
        for line in await audit_lines(world.alerts.database)
        if line.act == "identity_provider_changed"
    ]
    assert facts == [{}, {"only_way": True}, {}, {"only_way": False}]


async def test_it_is_removed_with_its_sessions_once(world: ProviderWorld) -> None:
    browser, key, client = world.alerts.client(), world.alerts.key("admin"), world.alerts.client()
    await world.sign_in(browser)
    other = world.alerts.key("admin", tenant="other")
    for method in ("GET", "PATCH", "DELETE"):
        sent = {"only_way": False} if method == "PATCH" else None
        assert (await client.request(method, PATH, headers=other, json=sent)).status_code == 404
    assert (await client.delete(PATH, headers=key)).status_code == 204
    assert (await browser.get("/login/renew")).headers["location"].startswith("/login?")
    assert await rows(world.alerts.database, "SELECT 1 FROM provider_subject") == []
    assert (await client.delete(PATH, headers=key)).status_code == 404
    acts = [line.act for line in await audit_lines(world.alerts.database)]
    assert acts.count("identity_provider_removed") == 1


async def test_everybody_is_asked_for_a_second_factor_once_an_administrator_has_one(
    alerts: AlertsApi,
) -> None:
    anna, jonas = await alerts.signed_in("admin", name="Anna Admin"), await alerts.signed_in()
    key, client = alerts.key("admin"), alerts.client()
    csrf = {CSRF_HEADER: await anna.csrf(), "accept": "application/json"}
    for one in (jonas, anna):
        for asking, headers in ((client, key), (anna.client, csrf)):
            refused = await asking.put(RULES, json={"second_factor_required": True}, headers=headers)
            assert refused.status_code == 422, refused.text
            assert refused.json()["errors"][0]["field"] == "/second_factor_required"
        now = alerts.database.clock() - timedelta(minutes=1)
        async with alerts.database.transaction() as uow:
            await uow.execute(
                "INSERT INTO second_factor (tenant, staff_id, sealed, begun_at, confirmed_at, last_step) "
                "VALUES (:t, :one, '', :now, :now, 1)",
                {"t": TENANT, "one": one.person.id, "now": now},
            )
    late = await alerts.signed_in(name="Mia Dal")
    for _ in range(2):
        done = await client.put(RULES, json={"second_factor_required": True}, headers=key)
        assert done.json() == {
            "second_factor_required": True,
            "people": 3,
            "people_with_second_factor": 2,
        }
    assert (await late.get("/login/renew")).headers["location"].startswith("/login?")
    assert (await jonas.get("/login/renew?next=/inbox")).headers["location"] == "/inbox"
    left = await anna.client.put(RULES, json={"second_factor_required": False}, headers=csrf)
    assert left.json()["second_factor_required"] is False
    assert (await client.get(RULES, headers=key)).json() == left.json()
    lines = [line for line in await audit_lines(alerts.database) if line.act == "second_factor_rule"]
    assert [(line.who_kind, line.facts) for line in lines] == [
        ("key", {"required": True}),
        ("staff", {"required": False}),
    ]


async def test_how_people_sign_in_is_for_administrators_of_the_whole_company(world: ProviderWorld) -> None:
    limited = await world.alerts.signed_in("admin", segments=["touchpoint:checkout"])
    leader = await world.alerts.signed_in("leader")
    weak = world.alerts.key("cases:write", "scores:read")
    for path in (PATH, RULES):
        assert (await world.alerts.client().get(path, headers=weak)).status_code == 403
        for browser in (limited, leader):
            answer = await browser.client.get(path, headers={"accept": "application/json"})
            assert answer.status_code == 403
