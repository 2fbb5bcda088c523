"""One-time links: they work once, for a day, and end with what they could undo."""

import pytest
from support.alerts_api import PASSWORD, STAFF_URL, AlertsApi, cookies_of
from support.alerts_builders import TENANT, rows

from services.alerts.staff.sign_in_tokens import LINK_LIFETIME
from services.alerts.staff.staff_commands import create_staff, sign_in_link
from shared.http.staff_auth import SESSION_COOKIE


async def test_a_one_time_link_shows_a_button_and_works_once(alerts: AlertsApi) -> None:
    link = await create_staff(
        alerts.database, STAFF_URL, TENANT, "new@example.com", "agent", name="New Person"
    )
    path = link.removeprefix(STAFF_URL)
    client = alerts.client()
    for _ in range(2):
        page = await client.get(path)
        assert page.status_code == 200
        assert "Welcome to Havnbo." in page.text
    short = await client.post(path, data={"password": "short"})
    assert short.status_code == 422
    entered = await client.post(path, data={"password": "a long sentence"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/inbox")
    assert (await client.get("/inbox")).status_code == 200
    again = await alerts.client().post(path, data={"password": "another sentence"})
    assert again.status_code == 410
    assert "This link no longer works." in again.text
    for wrong in ("/login/link/nothing", "/login/link/x.havnbo", path + "x"):
        assert (await alerts.client().get(wrong)).status_code == 410


async def test_a_link_ends_after_a_day_and_with_the_next_one(alerts: AlertsApi) -> None:
    first = await create_staff(alerts.database, STAFF_URL, TENANT, "new@example.com", "agent")
    second = await sign_in_link(alerts.database, STAFF_URL, TENANT, "new@example.com")
    assert (await alerts.client().get(first.removeprefix(STAFF_URL))).status_code == 410
    assert (await alerts.client().get(second.removeprefix(STAFF_URL))).status_code == 200
    real = alerts.database.clock
    alerts.database.clock = lambda: real() + LINK_LIFETIME
    try:
        assert (await alerts.client().get(second.removeprefix(STAFF_URL))).status_code == 410
    finally:
        alerts.database.clock = real


async def test_a_made_up_link_costs_no_hash(alerts: AlertsApi, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hashed(*_: object, **__: object) -> str:
        raise AssertionError

    monkeypatch.setattr(alerts.app.state.context.sign_in.passwords, "hash", hashed)
    answer = await alerts.client().post(
        "/login/link/made-up." + TENANT, data={"password": "a sentence of mine", "name": "N"}
    )
    assert answer.status_code == 410


async def test_who_is_invited_says_their_name_beside_the_password(alerts: AlertsApi) -> None:
    link = (await create_staff(alerts.database, STAFF_URL, TENANT, "you@example.com", "agent")).removeprefix(
        STAFF_URL
    )
    page = (await alerts.client().get(link)).text
    assert "Welcome to Havnbo." in page
    assert "Welcome, you" not in page
    long = await alerts.client().post(link, data={"password": "a sentence of mine", "name": "M" * 300})
    assert (long.status_code, "Write a shorter name." in long.text) == (422, True)
    assert (
        await alerts.client().post(link, data={"password": "a sentence of mine", "name": "Mie Lund"})
    ).is_redirect
    (row,) = await rows(alerts.database, "SELECT name FROM staff")
    assert row.name == "Mie Lund"


async def test_who_comes_back_gets_in_by_no_link_of_before(alerts: AlertsApi) -> None:
    admin, jonas = await alerts.signed_in("admin"), await alerts.person()
    link = (await sign_in_link(alerts.database, STAFF_URL, TENANT, jonas.address)).removeprefix(STAFF_URL)
    for fields in ({"act": "deactivate", "sure": "yes"}, {"act": "activate"}):
        assert (await admin.do("/settings/people", person=str(jonas.id), **fields)).status_code == 303
    assert (await alerts.client().get(link)).status_code == 410


async def test_a_password_that_is_changed_ends_every_link_that_could_change_it_back(
    alerts: AlertsApi,
) -> None:
    jonas = await alerts.signed_in()
    link = await sign_in_link(alerts.database, STAFF_URL, TENANT, jonas.person.address)
    await jonas.do("/settings", act="password", current=PASSWORD, password="quite a new sentence")
    path = link.removeprefix(STAFF_URL)
    assert (await alerts.client().get(path)).status_code == 410
    used = await alerts.client().post(path, data={"password": "another one of theirs", "name": "N"})
    assert (used.status_code, SESSION_COOKIE in cookies_of(used)) == (410, False)
