"""Sign-in: address and password open a session, and nothing tells a stranger why they did not."""

import re
import statistics
import time

from support.alerts_api import PASSWORD, STAFF_URL, AlertsApi, cookies_of
from support.alerts_builders import TENANT, rows

from services.alerts.staff.passwords import Passwords
from services.alerts.staff.staff_commands import create_staff, set_password, sign_in_link
from shared.http.staff_auth import ACCESS_COOKIE, SESSION_COOKIE


async def test_address_and_password_open_a_session_with_safe_cookies(alerts: AlertsApi) -> None:
    person = await alerts.person()
    answer = await alerts.client().post(
        "/login", data={"address": f" {person.address.upper()} ", "password": PASSWORD, "next": "/cases?x=1"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases?x=1")
    for name in (ACCESS_COOKIE, SESSION_COOKIE):
        told = cookies_of(answer)[name].lower()
        assert "httponly" in told
        assert "samesite=lax" in told
    assert "max-age=300" in cookies_of(answer)[ACCESS_COOKIE].lower()
    (row,) = await rows(alerts.database, "SELECT digest FROM session")
    assert row.digest not in answer.cookies[SESSION_COOKIE]


async def test_an_unknown_address_and_a_wrong_password_get_the_same_words(alerts: AlertsApi) -> None:
    person = await alerts.person()
    said = []
    for address in (person.address, "nobody@example.com"):
        answer = await alerts.client().post(
            "/login", data={"address": address, "password": "wrong wrong wrong"}
        )
        assert answer.status_code == 422
        assert SESSION_COOKIE not in cookies_of(answer)
        said.append(answer.text.replace(address, ""))
    assert said[0] == said[1]
    assert "That address and password do not belong together." in said[0]


async def test_an_unknown_address_takes_as_long_as_a_wrong_password(alerts: AlertsApi) -> None:
    person = await alerts.person()
    real = await Passwords().hash(PASSWORD)
    async with alerts.database.transaction() as uow:
        await uow.execute("UPDATE staff SET password_hash = :h", {"h": real})
    sign_in = alerts.app.state.context.sign_in
    took: dict[str, list[float]] = {person.address: [], "nobody@example.com": []}
    for _ in range(5):
        for address, times in took.items():
            began = time.process_time()
            assert await sign_in.accounts_of(address, "wrong wrong wrong", known=False) == []
            times.append(time.process_time() - began)
    known, unknown = (statistics.median(times) for times in took.values())
    assert 0.5 < unknown / known < 2


async def test_a_form_of_another_site_cannot_sign_anybody_in(alerts: AlertsApi) -> None:
    person = await alerts.person()
    answer = await alerts.client().post(
        "/login",
        data={"address": person.address, "password": PASSWORD},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 403


async def test_sign_in_leads_to_our_own_pages_only(alerts: AlertsApi) -> None:
    person = await alerts.person()
    for goal in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = await alerts.client().post(
            "/login", data={"address": person.address, "password": PASSWORD, "next": goal}
        )
        assert answer.headers["location"] == "/"


async def test_one_address_in_two_companies_opens_the_one_of_its_password(alerts: AlertsApi) -> None:
    first = await create_staff(alerts.database, STAFF_URL, TENANT, "Both@example.com", "agent")
    assert first.startswith(f"{STAFF_URL}/login/link/")
    await create_staff(alerts.database, STAFF_URL, "other", "both@example.com", "agent")
    await set_password(alerts.database, TENANT, "both@example.com", "password of havnbo")
    await set_password(alerts.database, "other", "both@example.com", "password of the other")
    for password, tenant in (("password of havnbo", "Havnbo"), ("password of the other", "Other")):
        client = alerts.client()
        await client.post("/login", data={"address": "both@example.com", "password": password})
        assert tenant in (await client.get("/inbox")).text


async def test_a_new_password_needs_the_old_one_and_ends_other_sessions(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    second = alerts.client()
    await second.post("/login", data={"address": jonas.person.address, "password": PASSWORD})
    wrong = await jonas.do("/settings", act="password", current="not mine at all", password="a new sentence")
    assert (wrong.status_code, "That is not your password." in wrong.text) == (422, True)
    short = await jonas.do("/settings", act="password", current=PASSWORD, password="short")
    assert short.status_code == 422
    done = await jonas.do("/settings", act="password", current=PASSWORD, password="a new sentence")
    assert done.status_code == 303
    assert (await second.get("/login/renew")).headers["location"].startswith("/login?")
    assert re.search(
        "argon2id", (await rows(alerts.database, "SELECT password_hash FROM staff"))[0].password_hash
    )


async def test_a_password_that_the_operator_sets_ends_sessions_and_links(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    link = (await sign_in_link(alerts.database, STAFF_URL, TENANT, jonas.person.address)).removeprefix(
        STAFF_URL
    )
    await set_password(alerts.database, TENANT, jonas.person.address, "another quiet evening")
    assert (await jonas.get("/login/renew")).headers["location"].startswith("/login?")
    assert (await alerts.client().get(link)).status_code == 410
