"""One address and one password that open several companies: somebody chooses, then and later."""

import re

import httpx
from support.alerts_api import STAFF_URL, AlertsApi
from support.alerts_builders import TENANT

from services.alerts.staff.staff_commands import create_staff, dismiss, set_password
from shared.http.staff_auth import SESSION_COOKIE

ADDRESS, PASSWORD = "both@example.com", "one sentence for both"


async def both(alerts: AlertsApi) -> httpx.AsyncClient:
    """A browser in which the password that opens two companies was given."""
    for tenant in (TENANT, "other"):
        await create_staff(alerts.database, STAFF_URL, tenant, ADDRESS, "agent", name="Bo Both")
        await set_password(alerts.database, tenant, ADDRESS, PASSWORD)
    client = alerts.client()
    answer = await client.post("/login", data={"address": ADDRESS, "password": PASSWORD, "next": "/inbox"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login/company?next=%2Finbox")
    assert SESSION_COOKIE not in client.cookies
    return client


async def choose(client: httpx.AsyncClient, tenant: str) -> httpx.Response:
    return await client.post("/login/company", data={"tenant": tenant, "next": "/inbox"})


async def test_after_the_password_somebody_chooses_the_company(alerts: AlertsApi) -> None:
    client = await both(alerts)
    page = (await client.get("/login/company?next=/inbox")).text
    assert "Where do you want to go?" in page
    assert re.findall(r'name="tenant" value="([^"]+)"', page) == [TENANT, "other"]
    chosen = await choose(client, "other")
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/inbox")
    assert "Other" in (await client.get("/inbox")).text


async def test_later_somebody_goes_to_the_other_company_without_the_password(alerts: AlertsApi) -> None:
    client = await both(alerts)
    await choose(client, TENANT)
    assert "/login/company" in (await client.get("/settings/sessions")).text
    await choose(client, "other")
    inbox = (await client.get("/inbox")).text
    assert "Other" in inbox
    async with alerts.database.reading() as uow:
        left = list((await uow.execute("SELECT tenant FROM session")).scalars())
    assert left == ["other"]


async def test_the_choice_opens_no_company_that_the_password_did_not(alerts: AlertsApi) -> None:
    client = await both(alerts)
    assert (await choose(client, "third")).status_code == 404
    stranger = alerts.client()
    assert (await choose(stranger, TENANT)).status_code == 404
    assert (await stranger.get("/login/company")).headers["location"].startswith("/login?")


async def test_the_choice_ends_with_the_password_the_access_and_the_session(alerts: AlertsApi) -> None:
    client = await both(alerts)
    await choose(client, TENANT)
    await set_password(alerts.database, "other", ADDRESS, "another sentence of other")
    assert (await choose(client, "other")).status_code == 404
    client = await both_again(alerts)
    await dismiss(alerts.database, "other", ADDRESS)
    assert (await choose(client, "other")).status_code == 404


async def both_again(alerts: AlertsApi) -> httpx.AsyncClient:
    await set_password(alerts.database, "other", ADDRESS, PASSWORD)
    client = alerts.client()
    await client.post("/login", data={"address": ADDRESS, "password": PASSWORD})
    return client


async def test_a_form_of_another_site_takes_nobody_elsewhere(alerts: AlertsApi) -> None:
    client = await both(alerts)
    answer = await client.post(
        "/login/company", data={"tenant": "other"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403
