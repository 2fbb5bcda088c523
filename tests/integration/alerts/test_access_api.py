"""``/v1/people/{person}/sessions`` and ``…/second-factor``: where somebody is signed in, and what is lost."""

from uuid import uuid4

import httpx
from support.alerts_api import AlertsApi, Browser
from support.alerts_builders import TENANT, rows
from support.audit import audit_lines

from services.alerts.staff.repository import second_factors
from services.alerts.staff.sessions import new_session
from shared.http.csrf import CSRF_HEADER

SECRETS = ("digest", "sealed", "token", "password")


def out(answer: httpx.Response) -> bool:
    return answer.headers["location"].startswith("/login?")


async def second_session(alerts: AlertsApi, browser: Browser) -> None:
    async with alerts.database.transaction() as uow:
        await new_session(uow, TENANT, browser.person.id, "Firefox on Windows", by_provider=True)


async def with_factor(alerts: AlertsApi, browser: Browser, *, codes: int = 3) -> None:
    async with alerts.database.transaction() as uow:
        await second_factors.begin_factor(uow, TENANT, browser.person.id, b"key")
        await second_factors.take_step(uow, TENANT, browser.person.id, 1)
        digests = [f"digest {n}" for n in range(codes)]
        await second_factors.replace_codes(uow, TENANT, browser.person.id, digests)
        await second_factors.use_code(uow, TENANT, browser.person.id, digests[0])


async def as_admin(browser: Browser) -> dict[str, str]:
    return {CSRF_HEADER: await browser.csrf(), "accept": "application/json"}


async def test_sessions_are_listed_and_one_of_them_ends(alerts: AlertsApi) -> None:
    jonas, mia = await alerts.signed_in(), await alerts.signed_in(name="Mia Dal")
    await second_session(alerts, jonas)
    key, client = alerts.key("admin"), alerts.client()
    path = f"/v1/people/{jonas.person.id}/sessions"
    listed = await client.get(path, headers=key)
    newest, first = listed.json()["sessions"]
    assert (newest["device"], newest["by_provider"], newest["here"]) == ("Firefox on Windows", True, False)
    assert first["by_provider"] is False
    assert first["created_at"] < first["expires_at"]
    assert not [word for word in SECRETS if word in listed.text.lower()]
    others = f"/v1/people/{mia.person.id}/sessions/{first['id']}"
    assert (await client.delete(others, headers=key)).status_code == 404
    assert (await jonas.get("/login/renew?next=/inbox")).headers["location"] == "/inbox"
    assert (await client.delete(f"{path}/{first['id']}", headers=key)).status_code == 204
    assert out(await jonas.get("/login/renew"))
    assert (await client.delete(f"{path}/{first['id']}", headers=key)).status_code == 404
    left = (await client.get(path, headers=key)).json()["sessions"]
    assert [one["id"] for one in left] == [newest["id"]]
    (line,) = await audit_lines(alerts.database)
    assert (line.act, line.about, line.facts) == ("sessions_ended", str(jonas.person.id), {"sessions": 1})


async def test_all_sessions_end_but_the_one_that_asks(alerts: AlertsApi) -> None:
    admin, jonas = await alerts.signed_in("admin"), await alerts.signed_in()
    for one in (admin, jonas):
        await second_session(alerts, one)
    csrf = await as_admin(admin)
    for one, left in ((jonas, 0), (jonas, 0), (admin, 1)):
        path = f"/v1/people/{one.person.id}/sessions"
        assert (await admin.client.delete(path, headers=csrf)).status_code == 204
        found = (await admin.client.get(path, headers=csrf)).json()["sessions"]
        assert [session["here"] for session in found] == [True] * left
    assert out(await jonas.get("/login/renew"))
    (line,) = await audit_lines(alerts.database)  # nobody's own, and not what ended nothing
    assert (line.act, line.about, line.facts) == ("sessions_ended", str(jonas.person.id), {"sessions": 2})


async def test_an_administrator_signs_a_colleague_out_on_the_page(alerts: AlertsApi) -> None:
    admin, jonas = await alerts.signed_in("admin"), await alerts.signed_in()
    page = f"/settings/people/{jonas.person.id}"
    assert "is signed in in 1 browser, and may" in (await admin.get(page)).text
    assert "Sign out everywhere" not in (await admin.get(f"/settings/people/{admin.person.id}")).text
    done = await admin.do("/settings/people", act="sign_out", person=str(jonas.person.id))
    assert done.headers["location"] == f"{page}?did=sign_out"
    after = (await admin.get(done.headers["location"])).text
    assert "They may sign in again." in after
    assert "Sign out everywhere" not in after
    assert out(await jonas.get("/login/renew"))
    assert [line.act for line in await audit_lines(alerts.database)] == ["sessions_ended"]


async def test_a_second_factor_is_told_without_its_secrets_and_reset_once(alerts: AlertsApi) -> None:
    jonas, key, client = await alerts.signed_in(), alerts.key("admin"), alerts.client()
    path = f"/v1/people/{jonas.person.id}/second-factor"
    off = {"on": False, "since": None, "recovery_codes_left": 0, "required": False}
    assert (await client.get(path, headers=key)).json() == off
    assert (await client.delete(path, headers=key)).status_code == 404
    async with alerts.database.transaction() as uow:
        await second_factors.begin_factor(uow, TENANT, jonas.person.id, b"key")
    assert (await client.get(path, headers=key)).json() == off  # begun, and no code was given yet
    await with_factor(alerts, jonas)
    async with alerts.database.transaction() as uow:
        await second_factors.set_required(uow, TENANT, required=True)
    told = await client.get(path, headers=key)
    assert (told.json()["on"], told.json()["recovery_codes_left"]) == (True, 2)
    assert (told.json()["since"] is not None, told.json()["required"]) == (True, True)
    assert set(told.json()) == set(off)
    assert (await client.delete(path, headers=key)).status_code == 204
    assert out(await jonas.get("/login/renew"))
    assert (await client.get(path, headers=key)).json() == {**off, "required": True}
    assert await rows(alerts.database, "SELECT 1 FROM recovery_code") == []
    assert (await client.delete(path, headers=key)).status_code == 404
    (line,) = await audit_lines(alerts.database)
    assert (line.act, line.who_kind, line.about) == ("second_factor_reset", "key", str(jonas.person.id))


async def test_nobody_reaches_whom_they_do_not_manage(alerts: AlertsApi) -> None:
    limited = await alerts.signed_in("admin", segments=["touchpoint:checkout"])
    whole, own = await alerts.signed_in(), await alerts.signed_in(segments=["touchpoint:checkout"])
    for one in (whole, own):
        await with_factor(alerts, one)
    csrf = await as_admin(limited)
    (session,) = await rows(
        alerts.database, "SELECT id FROM session WHERE staff_id = :id", id=whole.person.id
    )
    other, weak = alerts.key("admin", tenant="other"), alerts.key("cases:write")
    for person in (whole.person.id, uuid4()):
        for method, what in (
            ("GET", "sessions"),
            ("DELETE", "sessions"),
            ("DELETE", f"sessions/{session.id}"),
            ("GET", "second-factor"),
            ("DELETE", "second-factor"),
        ):
            path = f"/v1/people/{person}/{what}"
            assert (await limited.client.request(method, path, headers=csrf)).status_code == 404, what
            assert (await alerts.client().request(method, path, headers=other)).status_code == 404, what
            assert (await alerts.client().request(method, path, headers=weak)).status_code == 403, what
    assert (await whole.get("/login/renew?next=/inbox")).headers["location"] == "/inbox"
    assert len(await rows(alerts.database, "SELECT 1 FROM second_factor")) == 2
    path = f"/v1/people/{own.person.id}"
    assert (await limited.client.delete(f"{path}/second-factor", headers=csrf)).status_code == 204
    assert (await limited.client.get(f"{path}/sessions", headers=csrf)).json() == {"sessions": []}
