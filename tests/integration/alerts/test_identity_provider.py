"""Sign-in through an identity provider that lies in every way: only what is proven lets anybody in."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support.alerts_api import PASSWORD, AlertsApi, Browser
from support.alerts_builders import TENANT, rows
from support.audit import audit_lines
from support.hostile_provider import CLIENT_ID, HostileProvider, a_key
from support.http_clients import context_on
from support.provider_world import ProviderWorld, asking_alerts, provider_world

from services.alerts.app import SERVICE
from services.alerts.staff.known_browsers import KNOWN_COOKIE
from services.alerts.staff.provider_claims import ClaimRules
from services.alerts.staff.staff_commands import allow_passwords
from shared.db.database import Database
from shared.http.staff_auth import ACCESS_COOKIE


@pytest.fixture
async def alerts(database: Database) -> AsyncIterator[AlertsApi]:
    """Alerts, which may ask servers of this machine."""
    async with asking_alerts(database) as found:
        yield found


@pytest.fixture
async def world(alerts: AlertsApi) -> AsyncIterator[ProviderWorld]:
    async with provider_world(alerts) as found:
        yield found


def came_in(answer: httpx.Response) -> bool:
    return any(cookie.startswith(ACCESS_COOKIE) for cookie in answer.headers.get_list("set-cookie"))


async def test_who_is_proven_gets_an_account_a_session_and_the_role_of_the_claims(
    world: ProviderWorld,
) -> None:
    answer = await world.sign_in()
    assert (answer.status_code, answer.headers["location"], came_in(answer)) == (303, "/inbox", True)
    assert not [one for one in answer.headers.get_list("set-cookie") if one.startswith(KNOWN_COOKIE)]
    assert await world.people() == [("Sara Lund", "agent")]
    (session,) = await rows(
        world.alerts.database, "SELECT by_provider, expires_at - created_at AS lasts FROM session"
    )
    assert (session.by_provider, session.lasts.total_seconds()) == (True, 12 * 3600)
    assert [line.act for line in await audit_lines(world.alerts.database)] == [
        "person_linked",
        "person_provisioned",
    ]


async def test_the_request_has_state_nonce_and_a_challenge_that_the_code_is_redeemed_with(
    world: ProviderWorld,
) -> None:
    client = world.alerts.client()
    told = await world.go(client, "/surveys?x=1")
    assert (told["response_type"], told["client_id"], told["code_challenge_method"]) == (
        "code",
        CLIENT_ID,
        "S256",
    )
    assert min(len(told[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    answer = await client.get("/login/provider/callback", params={"code": "c", "state": told["state"]})
    assert answer.headers["location"] == "/surveys?x=1"
    (asked,) = world.provider.asked
    challenge = hashlib.sha256(asked["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(challenge).decode().rstrip("=") == told["code_challenge"]
    again = await client.get("/login/provider/callback", params={"code": "c", "state": told["state"]})
    assert (again.status_code, came_in(again)) == (422, False)


def compact(header: Any, claims: Any, sign: Callable[[bytes], bytes]) -> str:
    """A token made by hand, as no library makes it."""
    head, body = (_encoded(json.dumps(part).encode()) for part in (header, dict(claims)))
    return f"{head}.{body}.{_encoded(sign(f'{head}.{body}'.encode()))}"


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def unsigned(claims: Any) -> str:
    return compact({"alg": "none", "kid": "first"}, claims, lambda _: b"")


def signed_with_the_public_key(provider: HostileProvider) -> Callable[[Any], str]:
    public = provider.key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "kid": "first"}
    return lambda claims: compact(header, claims, lambda text: hmac.digest(public, text, "sha256"))


LIES: dict[str, Callable[[HostileProvider], None]] = {
    "another nonce": lambda one: one.claims.update(nonce="another"),
    "no nonce": lambda one: one.claims.update(nonce=None),
    "another audience": lambda one: one.claims.update(aud="somebody else"),
    "several audiences for somebody else": lambda one: one.claims.update(aud=[CLIENT_ID, "x"], azp="x"),
    "several audiences for nobody": lambda one: one.claims.update(aud=[CLIENT_ID, "x"]),
    "another issuer": lambda one: one.claims.update(iss="https://issuer.example"),
    "expired": lambda one: one.claims.update(exp=1_000_000_000),
    "no end": lambda one: one.claims.update(exp=None),
    "of the future": lambda one: one.claims.update(iat=4_000_000_000, exp=4_000_000_300),
    "no subject": lambda one: one.claims.update(sub=None),
    "an empty subject": lambda one: one.claims.update(sub=""),
    "alg none": lambda one: setattr(one, "sign", unsigned),
    "HS256 with the public key": lambda one: setattr(one, "sign", signed_with_the_public_key(one)),
    "another key of the same id": lambda one: setattr(
        one, "sign", lambda claims: one.signed(claims, a_key("first"))
    ),
    "a key that is not published": lambda one: setattr(
        one, "sign", lambda claims: one.signed(claims, a_key("unknown"))
    ),
    "no token": lambda one: setattr(one, "sign", lambda _: "x.y.z"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_is_not_proven_lets_nobody_in(world: ProviderWorld, lie: str) -> None:
    LIES[lie](world.provider)
    answer = await world.sign_in()
    assert (answer.status_code, came_in(answer)) == (422, False), lie
    assert "You are not signed in." in answer.text
    assert await world.people() == []


async def test_the_way_back_counts_only_in_the_browser_that_began_and_with_its_state(
    world: ProviderWorld,
) -> None:
    told = await world.go(world.alerts.client())
    for client, state in (
        (world.alerts.client(), told["state"]),
        (world.alerts.client(), ""),
    ):
        answer = await client.get("/login/provider/callback", params={"code": "c", "state": state})
        assert (answer.status_code, came_in(answer)) == (422, False)
    lies: list[dict[str, Any]] = [
        {"state": "another"},
        {"iss": "https://issuer.example"},
        {"code": ""},
        {"error": "x", "code": ""},
    ]
    for changes in lies:
        answer = await world.sign_in(**changes)
        assert (answer.status_code, came_in(answer)) == (422, False)
    assert world.provider.asked == []
    assert came_in(await world.sign_in(iss=world.provider.issuer))


async def test_new_keys_are_read_when_a_token_names_one_but_not_for_every_token(world: ProviderWorld) -> None:
    http = world.alerts.app.state.context.provider_sign_in.http
    now = [1_000.0]
    http.clock = lambda: now[0]
    assert came_in(await world.sign_in())
    now[0] += 20
    world.provider.key = a_key("second")
    assert came_in(await world.sign_in())
    assert world.provider.keys_read == 2
    world.provider.sign = lambda claims: world.provider.signed(claims, a_key("unknown"))
    for _ in range(5):
        assert not came_in(await world.sign_in())
    assert world.provider.keys_read == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://issuer.example"},
        {"token_endpoint": "http://issuer.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
    ],
    ids=["another issuer", "no tls", "a file", "a script", "nothing"],
)
async def test_metadata_that_lead_elsewhere_are_refused(
    world: ProviderWorld, metadata: dict[str, Any]
) -> None:
    world.provider.metadata = metadata
    answer = await world.alerts.client().get(f"/login/provider/{TENANT}/start")
    assert answer.status_code == 422


async def test_an_inner_network_is_asked_only_where_the_operator_allows_it(world: ProviderWorld) -> None:
    context = context_on(SERVICE, world.alerts.database)
    app, _ = SERVICE.api(context)
    answer = await AlertsApi(context, app).client().get(f"/login/provider/{TENANT}/start")
    assert (answer.status_code, "AFTERWORD_OUTBOUND_NETWORKS" in answer.text) == (422, True)
    context.stopping.set()


async def test_an_address_links_an_account_only_if_it_is_verified(world: ProviderWorld) -> None:
    person = await world.alerts.person("agent", name="Jonas Holt")
    for said in (None, False, "no"):
        world.provider.claims |= {"email": person.address, "email_verified": said}
        answer = await world.sign_in()
        assert (answer.status_code, came_in(answer)) == (403, False)
    assert await rows(world.alerts.database, "SELECT 1 FROM provider_subject") == []
    world.provider.claims |= {"email_verified": True}
    assert came_in(await world.sign_in())
    (subject,) = await rows(world.alerts.database, "SELECT staff_id FROM provider_subject")
    assert subject.staff_id == person.id
    world.provider.claims |= {"email": "another@example.com", "email_verified": False}
    assert came_in(await world.sign_in())
    assert await world.people() == [("Jonas Holt", "agent")]


async def test_a_provider_that_says_nothing_of_addresses_is_trusted_only_where_an_administrator_says_so(
    world: ProviderWorld,
) -> None:
    await world.set_up(trusts_addresses=True)
    world.provider.claims |= {"email_verified": False}
    assert not came_in(await world.sign_in())
    world.provider.claims |= {"email_verified": None}
    assert came_in(await world.sign_in())


async def test_role_and_segments_follow_the_claims_at_each_sign_in(world: ProviderWorld) -> None:
    await world.set_up(
        ClaimRules(
            role_claim="realm.roles",
            roles=(("boss", "admin"), ("lead", "leader")),
            segments_claim="stores",
            segments=(("12", "store:aarhus"), ("13", "store:odense"), ("all", "*")),
        )
    )
    await world.alerts.person("admin", name="Anna Admin")
    for claims, role, segments in (
        ({"realm": {"roles": ["lead"]}, "stores": ["12", "99"]}, "leader", ["store:aarhus"]),
        ({"realm": {"roles": ["x", "boss"]}, "stores": "all"}, "admin", []),
        ({"realm": {"roles": ["lead"]}, "stores": ["13", "12"]}, "leader", ["store:aarhus", "store:odense"]),
    ):
        world.provider.claims |= claims
        assert came_in(await world.sign_in())
        (row,) = await rows(
            world.alerts.database, "SELECT role, segments FROM staff WHERE name = 'Sara Lund'"
        )
        assert (row.role, list(row.segments)) == (role, segments)
    lacking: list[dict[str, Any]] = [
        {"realm": {"roles": ["x"]}},
        {"realm": {"roles": ["lead"]}, "stores": ["99"]},
        {"realm": 3},
    ]
    for told in lacking:
        world.provider.claims |= told
        answer = await world.sign_in()
        assert (answer.status_code, "gives you no rights here" in answer.text) == (403, True)


async def test_claims_do_not_take_the_last_administrator_from_a_company(world: ProviderWorld) -> None:
    world.provider.claims |= {"groups": ["bosses"]}
    assert came_in(await world.sign_in())
    world.provider.claims |= {"groups": ["callers"]}
    assert came_in(await world.sign_in())
    assert await world.people() == [("Sara Lund", "admin")]


async def test_who_has_left_does_not_come_back_and_nobody_new_where_that_is_off(world: ProviderWorld) -> None:
    assert came_in(await world.sign_in())
    async with world.alerts.database.transaction() as uow:
        await uow.execute("UPDATE staff SET active = false")
    answer = await world.sign_in()
    assert (answer.status_code, "Your access here has ended." in answer.text) == (403, True)
    await world.set_up(provisions=False)
    world.provider.claims |= {"sub": "subject-2", "email": "new@example.com"}
    answer = await world.sign_in()
    assert (answer.status_code, "Nobody here has your address." in answer.text) == (403, True)
    assert len(await world.people()) == 1


async def test_claims_that_only_userinfo_tells_count_if_they_are_about_the_same_person(
    world: ProviderWorld,
) -> None:
    world.provider.metadata = {"userinfo_endpoint": f"{world.provider.issuer}/userinfo"}
    world.provider.claims |= {"groups": None}
    world.provider.userinfo = {"sub": "somebody else", "groups": ["bosses"]}
    assert not came_in(await world.sign_in())
    world.provider.userinfo = {"sub": "subject-1", "groups": ["callers"], "email": "wrong@example.com"}
    assert came_in(await world.sign_in())
    (row,) = await rows(world.alerts.database, "SELECT role, address FROM staff")
    assert (row.role, row.address) == ("agent", "sara@example.com")


async def test_a_signed_in_person_links_their_account_and_nobody_elses(world: ProviderWorld) -> None:
    jonas, mia = await world.alerts.signed_in(name="Jonas"), await world.alerts.signed_in(name="Mia")
    world.provider.claims |= {"email_verified": False}
    page = await jonas.do("/settings/provider-link")
    told = world.provider.went_to(
        page.text.split('class="btn" href="')[1].split('"')[0].replace("&amp;", "&")
    )
    other = await mia.client.get("/login/provider/callback", params={"code": "c", "state": told["state"]})
    assert not came_in(other)
    linked = await jonas.client.get("/login/provider/callback", params={"code": "c", "state": told["state"]})
    assert linked.headers["location"] == "/settings/provider-link"
    assert "Your account is linked with Entra." in (await jonas.get("/settings/provider-link")).text
    assert came_in(await world.sign_in())
    page = await mia.do("/settings/provider-link")
    told = world.provider.went_to(
        page.text.split('class="btn" href="')[1].split('"')[0].replace("&amp;", "&")
    )
    taken = await mia.client.get("/login/provider/callback", params={"code": "c", "state": told["state"]})
    assert (taken.status_code, "linked with another colleague" in taken.text) == (403, True)


async def test_where_the_provider_is_the_only_way_no_password_and_no_link_lets_in(
    world: ProviderWorld,
) -> None:
    jonas = await world.alerts.signed_in("admin", name="Jonas Holt")
    refused = await jonas.do("/settings/identity-provider", act="only")
    assert (refused.status_code, "Sign in through the provider yourself first" in refused.text) == (422, True)
    world.provider.claims |= {"groups": ["bosses"]}
    client = world.alerts.client()
    await world.sign_in(client)
    sara = Browser(client, jonas.person)
    assert (await sara.do("/settings/identity-provider", act="only")).status_code == 303
    assert (await jonas.get("/login/renew")).headers["location"].startswith("/login?")
    assert (await client.get("/login/renew?next=/inbox")).headers["location"] == "/inbox"
    form = {"address": jonas.person.address, "password": PASSWORD}
    answer = await world.alerts.client().post("/login", data=form)
    assert answer.headers["location"].startswith(f"/login/provider?company={TENANT}")
    assert not came_in(answer)
    await allow_passwords(world.alerts.database, TENANT)
    assert came_in(await world.alerts.client().post("/login", data=form))


async def test_settings_are_saved_when_the_provider_answers_and_no_page_shows_the_secret(
    world: ProviderWorld,
) -> None:
    admin = await world.alerts.signed_in("admin")
    form = {
        "act": "save",
        "name": "Okta",
        "issuer": world.provider.issuer,
        "client_id": "ours",
        "client_secret": "very secret words",
        "role_claim": "groups",
        "roles": "bosses = admin\n\ncn=callers,dc=x = agent",
        "default_role": "analyst",
    }
    for field, value, words in (
        ("issuer", "http://issuer.example", "begins with https://"),
        ("issuer", f"{world.provider.issuer}/", "calls itself"),
        ("roles", "bosses admin", "value = meaning"),
        ("roles", "bosses = king", "Choose one of admin"),
        ("roles", f"{'x' * 501} = agent", "500 characters are possible"),
        ("segments", f"{'x' * 501} = store:aarhus", "500 characters are possible"),
        ("segments", "12 = aarhus", "dimension:value"),
        ("name", " ", "Write the name"),
    ):
        wrong = await admin.do("/settings/identity-provider", **{**form, field: value})
        assert (wrong.status_code, words in wrong.text) == (422, True), words
    assert (await admin.do("/settings/identity-provider", **form)).status_code == 303
    page = (await admin.get("/settings/identity-provider")).text
    assert "cn=callers,dc=x = agent" in page
    assert "very secret words" not in page
    (row,) = await rows(world.alerts.database, "SELECT sealed FROM identity_provider")
    assert b"very secret" not in bytes(row.sealed)
    assert (await admin.do("/settings/identity-provider", act="remove")).status_code == 303
    for act in ("only", "both", "remove"):
        assert (await admin.do("/settings/identity-provider", act=act)).status_code == 404, act
    assert await rows(world.alerts.database, "SELECT 1 FROM provider_subject") == []


async def test_signing_out_says_that_the_provider_still_knows_one(world: ProviderWorld) -> None:
    world.provider.metadata = {"end_session_endpoint": f"{world.provider.issuer}/end"}
    client = world.alerts.client()
    await world.sign_in(client)
    csrf = await Browser(client, await world.alerts.person()).csrf()
    out = await client.post("/logout", data={"csrf": csrf})
    assert out.headers["location"] == f"/login/provider/signed-out?company={TENANT}"
    page = (await client.get(out.headers["location"])).text
    assert f'href="{world.provider.issuer}/end?client_id={CLIENT_ID}&amp;post_logout_redirect_uri=' in page
