"""The company and its keys, by page and by API: shown once, revoked at once, each change a line of the log."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser
from support.accessibility import violations
from support.audit import audit_lines
from support.browser import View, look, views
from support.http_clients import SECRET, a_lent_context, api_client
from support.lent_databases import LentDatabases
from support.servers import serving
from typer.testing import CliRunner

from services.trigger import tenants
from services.trigger.app import SERVICE
from services.trigger.command import tenant_app
from shared.events import Tenant
from shared.http.csrf import CSRF_HEADER, CsrfGuard
from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff
from shared.permissions import SCOPES, Role
from shared.service import Context
from shared.tenancy import find_tenant


@dataclass
class Shop:
    """A company with a key that may do all, and the trigger's API."""

    context: Context
    client: httpx.AsyncClient
    key: str

    def headers(self, key: str = "") -> dict[str, str]:
        return {"authorization": f"Bearer {key or self.key}"}

    def browser(self, role: Role = "admin", segments: tuple[str, ...] = ()) -> dict[str, str]:
        """The headers of somebody who is signed in."""
        until = datetime.now(UTC) + timedelta(hours=1)
        staff = Staff("acme", uuid4(), "Anna Holm", role, segments, str(uuid4()), until)
        return {
            "cookie": f"{ACCESS_COOKIE}={AccessPass(SECRET).sign(staff)}",
            CSRF_HEADER: CsrfGuard(SECRET).token(staff.session_id),
            "accept": "text/html",
        }

    async def company(self) -> Tenant:
        async with self.context.database.reading() as uow:
            found = await find_tenant(uow, "acme")
        assert found is not None
        return found


@pytest.fixture
async def shop(databases_to_lend: LentDatabases) -> AsyncIterator[Shop]:
    async with a_lent_context(SERVICE, databases_to_lend) as context:
        await tenants.create_tenant(context.database, "acme", name="Acme", time_zone="Europe/Copenhagen")
        key = await tenants.create_key(context.database, "acme", ["admin"], name="back-end")
        async with api_client(SERVICE, context) as client:
            yield Shop(context, client, key)


async def test_a_key_is_made_by_the_api_shown_once_and_revoked(shop: Shop) -> None:
    ends = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    body = {"name": "till", "scopes": ["scores:read", "events:write"], "expires_at": ends, "source": "pos"}
    made = await shop.client.post("/v1/keys", json=body, headers=shop.headers())
    assert made.status_code == 201, made.text
    key = made.json()
    assert (key["source"], key["live"], set(key["scopes"])) == ("pos", True, {"scores:read", "events:write"})
    assert abs(datetime.fromisoformat(key["created_at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    listed = await shop.client.get("/v1/keys", headers=shop.headers())
    assert key["key"] not in listed.text
    assert [one["name"] for one in listed.json()["keys"]] == ["back-end", "till"]
    ended = await shop.client.delete(f"/v1/keys/{key['id']}", headers=shop.headers())
    assert ended.status_code == 204
    assert (await shop.client.delete(f"/v1/keys/{key['id']}", headers=shop.headers())).status_code == 404
    after = (await shop.client.get("/v1/keys", headers=shop.headers())).json()["keys"]
    assert [one["live"] for one in after] == [True, False]
    lines = await audit_lines(shop.context.database)
    assert [(line.act, line.who) for line in lines[-2:]] == [
        ("key_created", "the key back-end"),
        ("key_revoked", "the key back-end"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": " ", "scopes": ["scores:read"]},
        {"name": "afterword/x", "scopes": ["scores:read"]},
        {"name": "x", "scopes": ["scores:read"], "expires_at": "2030-01-01T00:00:00"},
        {"name": "x", "scopes": ["scores:read"], "expires_at": "2000-01-01T00:00:00Z"},
        {"name": "x", "scopes": ["scores:read"], "expires_at": "0001-01-01T00:00:00+14:00"},
    ],
    ids=[
        *("no scope", "an unknown scope", "a blank name", "a reserved name"),
        *("an end without a zone", "an end that has passed", "an end before all years"),
    ],
)
async def test_a_key_that_cannot_be_is_refused(shop: Shop, body: dict[str, object]) -> None:
    answer = await shop.client.post("/v1/keys", json=body, headers=shop.headers())
    assert answer.status_code == 422
    assert len((await shop.company()).keys) == 1


async def test_only_a_key_that_may_do_all_makes_keys(shop: Shop) -> None:
    others = [scope for scope in SCOPES if scope != "admin"]
    key = await tenants.create_key(shop.context.database, "acme", others, name="limited")
    await shop.context.keys.refresh()
    for method, path in (("GET", "/v1/keys"), ("POST", "/v1/keys"), ("PATCH", "/v1/company")):
        answer = await shop.client.request(method, path, json={}, headers=shop.headers(key))
        assert answer.status_code == 403


async def test_a_key_is_made_and_revoked_on_the_page_by_administrators_of_the_whole_company(
    shop: Shop,
) -> None:
    form = {"name": "webshop", "days": "90", "scope-events:write": "on"}
    refusals: list[tuple[Role, tuple[str, ...], int]] = [
        ("editor", (), 404),
        ("admin", ("store:aarhus",), 403),
    ]
    for role, segments, status in refusals:
        refused = await shop.client.post("/keys", data=form, headers=shop.browser(role, segments))
        assert refused.status_code == status
    admin = shop.browser()
    wrong = await shop.client.post("/keys", data={**form, "scope-events:write": ""}, headers=admin)
    assert (wrong.status_code, 'value="webshop"' in wrong.text) == (422, True)
    made = await shop.client.post("/keys", data=form, headers=admin)
    (token,) = re.findall(r">(aw_[\w-]+)<", made.text)
    page = (await shop.client.get("/keys", headers=admin)).text
    assert "2 keys open something." in page
    assert token not in page
    key = next(key for key in (await shop.company()).keys if key.name == "webshop")
    assert key.expires_at is not None
    ended = await shop.client.post(f"/keys/{key.id}/revoke", headers=admin)
    assert ended.headers["location"] == "/keys?did=revoked"
    assert "Keys that ended in the last 90 days" in (await shop.client.get("/keys", headers=admin)).text


async def test_what_customers_read_of_the_company_is_changed_and_published(shop: Shop) -> None:
    admin = shop.browser()
    form = {
        "name": "Acme & Sons",
        "postal_address": "Road 1\r\n8000 Aarhus",
        "languages": "da, en, pt_BR, da",
    }
    saved = await shop.client.post("/company", data=form, headers=admin)
    assert saved.headers["location"] == "/company?did=saved"
    company = await shop.company()
    assert (company.name, company.postal_address) == ("Acme & Sons", "Road 1, 8000 Aarhus")
    assert company.languages == ("da", "en", "pt-br")
    assert "Customers know you as Acme &amp; Sons." in (await shop.client.get("/company", headers=admin)).text
    same = await shop.client.patch("/v1/company", json={"name": "Acme & Sons"}, headers=shop.headers())
    assert same.json()["time_zone"] == "Europe/Copenhagen"
    assert (await shop.company()).version == company.version
    gone = await shop.client.patch("/v1/company", json={"postal_address": ""}, headers=shop.headers())
    assert (gone.json()["postal_address"], gone.json()["name"]) == (None, "Acme & Sons")
    for wrong in (
        {"name": " "},
        {"languages": ["klingon language"]},
        {"time_zone": "Mars/Olympus"},
        {"country": "SE"},
        {"name": "a\u202eb"},
    ):
        answer = await shop.client.patch("/v1/company", json=wrong, headers=shop.headers())
        assert answer.status_code == 422, wrong
    acts = [line.act for line in await audit_lines(shop.context.database)]
    assert acts.count("company_changed") == 2


async def test_administrators_declare_the_companys_own_networks_by_page_and_api(shop: Shop) -> None:
    admin = shop.browser()
    form = {"name": "Acme", "languages": "en"}
    typed = "192.0.2.7/24\r\n 2001:DB8:1::/48, 192.0.2.0/24\n::ffff:198.51.100.0/120"
    own = ["192.0.2.0/24", "2001:db8:1::/48", "198.51.100.0/24"]
    saved = await shop.client.post("/company", data={**form, "staff_networks": typed}, headers=admin)
    assert saved.headers["location"] == "/company?did=saved"
    assert list((await shop.company()).staff_networks) == own
    page = (await shop.client.get("/company", headers=admin)).text
    assert "\n".join(own) in page
    assert "never from which address" in page
    # A page of an earlier version has no such field, and takes none away.
    assert (await shop.client.post("/company", data=form, headers=admin)).status_code == 303
    told = (await shop.client.get("/v1/company", headers=shop.headers())).json()
    assert told["staff_networks"] == own
    wrong = await shop.client.post("/company", data={**form, "staff_networks": "acme"}, headers=admin)
    assert (wrong.status_code, "is no network of a company" in wrong.text) == (422, True)
    for refused in (
        ["0.0.0.0/0"],
        ["192.0.2.0/33"],
        ["::/0"],
        ["2000::/3"],
        ["fe80::1%eth0"],
        [f"10.0.{n}.0/24" for n in range(51)],
    ):
        answer = await shop.client.patch(
            "/v1/company", json={"staff_networks": refused}, headers=shop.headers()
        )
        assert answer.status_code == 422, refused
    others: tuple[Role, ...] = ("leader", "agent", "editor")
    for role in others:
        answer = await shop.client.post(
            "/company", data={**form, "staff_networks": ""}, headers=shop.browser(role)
        )
        assert answer.status_code in {403, 404}, role
    most = [f"10.0.{n}.0/24" for n in range(50)]
    by_api = await shop.client.patch("/v1/company", json={"staff_networks": most}, headers=shop.headers())
    assert by_api.json()["staff_networks"] == most
    none = await shop.client.patch("/v1/company", json={"staff_networks": []}, headers=shop.headers())
    assert none.json()["staff_networks"] == []
    acts = [line.act for line in await audit_lines(shop.context.database)]
    assert acts.count("company_changed") == 3


async def test_the_time_zone_is_changed_by_page_api_and_command_and_stays_where_it_is_not_named(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = shop.browser()
    form = {"name": "Acme", "languages": "en"}
    assert (await shop.client.post("/company", data=form, headers=admin)).status_code == 303
    assert (await shop.company()).time_zone == "Europe/Copenhagen"
    page = (await shop.client.get("/company", headers=admin)).text
    assert '<option value="Europe/Copenhagen" selected>' in page
    saved = await shop.client.post("/company", data={**form, "time_zone": "Asia/Tokyo"}, headers=admin)
    assert saved.status_code == 303
    assert (await shop.company()).time_zone == "Asia/Tokyo"
    wrong = await shop.client.post("/company", data={**form, "time_zone": "Tokyo"}, headers=admin)
    assert (wrong.status_code, "There is no time zone &#39;Tokyo&#39;" in wrong.text) == (422, True)
    by_api = await shop.client.patch(
        "/v1/company", json={"time_zone": "America/New_York"}, headers=shop.headers()
    )
    assert (by_api.json()["time_zone"], by_api.json()["name"]) == ("America/New_York", "Acme")
    monkeypatch.setenv("TRIGGER_DATABASE_URL", shop.context.database.url)
    command = partial(CliRunner().invoke, tenant_app)
    done = await asyncio.to_thread(command, ["time-zone", "acme", "Europe/Oslo"])
    assert (done.exit_code, done.stdout) == (0, "acme: Europe/Oslo\n")
    assert (await shop.company()).time_zone == "Europe/Oslo"
    refused = await asyncio.to_thread(command, ["time-zone", "acme", "Mars/Olympus"])
    assert refused.exit_code == 1
    unknown = await asyncio.to_thread(command, ["time-zone", "nobody", "UTC"])
    assert unknown.exit_code == 1
    acts = [line.act for line in await audit_lines(shop.context.database)]
    assert acts.count("company_changed") == 3


@pytest.mark.browser
@pytest.mark.parametrize("view", views(360, 1280))
async def test_the_pages_of_company_and_keys_fit_their_windows_and_break_no_rule(
    shop: Shop, browser: Browser, view: View
) -> None:
    width, scheme, language = view
    for name in ("webshop", "a till with a long name"):
        await tenants.create_key(shop.context.database, "acme", ["events:write", "scores:read"], name=name)
    named = {"accent": "#a3156f", "display_names": "organisation = Region\ntouchpoint:checkout = The till"}
    form = {"name": "Acme", "languages": "en", **named}
    saved = await shop.client.post("/company", data=form, headers=shop.browser())
    assert saved.status_code == 303
    app, _ = SERVICE.api(shop.context)
    name, _, value = shop.browser()["cookie"].partition("=")
    async with serving(app, asyncio.Event()) as origin:
        context = await browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, locale=language
        )
        await context.add_cookies([{"name": name, "value": value, "url": origin}])
        page, faults = await context.new_page(), []
        for path in ("keys", "company"):
            await page.goto(f"{origin}/{path}")
            await look(page, path)
            faults += await violations(page)
        assert faults == []
        await context.close()
