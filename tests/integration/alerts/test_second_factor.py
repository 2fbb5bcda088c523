"""The second factor: set up by each person, asked for at sign-in, required by a company, reset when lost."""

import asyncio
import re
from datetime import timedelta

import httpx
from support.alerts_api import PASSWORD, STAFF_URL, AlertsApi, Browser, cookies_of
from support.alerts_builders import TENANT, rows
from support.audit import audit_lines

from services.alerts.staff.staff_commands import reset_second_factor, sign_in_link
from services.alerts.staff.totp import STEP_S, code_of
from shared.http.staff_auth import ACCESS_COOKIE, SESSION_COOKIE
from shared.sealed import unseal

PAGE = "/settings/second-factor"


class App:
    """An authenticator app of this person, which shows each code once."""

    def __init__(self, alerts: AlertsApi, browser: Browser) -> None:
        self._alerts, self._person, self._key = alerts, browser.person, b""

    async def take_key(self) -> None:
        about = f"second-factor/{self._person.tenant}/{self._person.id}"
        (row,) = await rows(
            self._alerts.database, "SELECT sealed FROM second_factor WHERE staff_id = :id", id=self._person.id
        )
        self._key = unseal(self._alerts.context.secret, about, bytes(row.sealed))

    def code(self) -> str:
        """The code of now. The clock of the database goes on by a step, so that the next one is another."""
        clock = self._alerts.database.clock
        now = clock() + timedelta(seconds=STEP_S)
        self._alerts.database.clock = lambda: now
        return code_of(self._key, int(now.timestamp() // STEP_S))


def codes_in(page: str) -> list[str]:
    return re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", page)


async def switched_on(alerts: AlertsApi, browser: Browser) -> tuple[App, list[str]]:
    app = App(alerts, browser)
    assert (await browser.do(PAGE, act="begin")).status_code == 303
    await app.take_key()
    done = await browser.do(PAGE, act="confirm", code=app.code())
    assert done.status_code == 200, done.text
    return app, codes_in(done.text)


async def password_given(alerts: AlertsApi, browser: Browser, **more: str) -> tuple[httpx.AsyncClient, str]:
    client = alerts.client()
    form = {"address": browser.person.address, "password": PASSWORD, **more}
    answer = await client.post("/login", data=form)
    assert answer.status_code == 303
    return client, answer.headers["location"]


def has_session(client: httpx.AsyncClient) -> bool:
    return ACCESS_COOKIE in client.cookies or SESSION_COOKIE in client.cookies


async def test_it_is_on_after_a_first_code_and_other_sessions_end(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    elsewhere, _ = await password_given(alerts, jonas)
    wrong = await jonas.do(PAGE, act="confirm", code="000000")
    assert wrong.status_code == 422
    app, codes = await switched_on(alerts, jonas)
    assert len(set(codes)) == 10
    assert (await elsewhere.get("/login/renew")).headers["location"].startswith("/login?")
    page = (await jonas.get(PAGE)).text
    assert "Your second factor is on." in page
    assert "10 recovery codes are left." in page
    assert codes_in(page) == []
    stored = [row.digest for row in await rows(alerts.database, "SELECT digest FROM recovery_code")]
    assert not set(stored) & set(codes)
    assert [line.act for line in await audit_lines(alerts.database)] == ["second_factor_on"]
    assert app.code()


async def test_the_key_is_shown_only_until_it_is_confirmed_and_no_get_makes_one(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await jonas.get(PAGE)
    assert await rows(alerts.database, "SELECT 1 FROM second_factor") == []
    await jonas.do(PAGE, act="begin")
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in (await jonas.get(PAGE)).text
    app, _ = await switched_on(alerts, jonas)
    before = await rows(alerts.database, "SELECT sealed FROM second_factor")
    await jonas.do(PAGE, act="begin")
    assert await rows(alerts.database, "SELECT sealed FROM second_factor") == before
    assert "<svg xmlns=" not in (await jonas.get(PAGE)).text
    assert app.code()


async def test_the_password_alone_opens_nothing_and_a_code_leads_to_the_goal(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    app, _ = await switched_on(alerts, jonas)
    client, goal = await password_given(alerts, jonas, next="/inbox?state=all")
    assert (goal, has_session(client)) == ("/login/code", False)
    assert (await client.get("/inbox")).headers["location"].startswith("/login/renew")
    wrong = await client.post("/login/code", data={"code": "123456"})
    assert (wrong.status_code, has_session(client)) == (422, False)
    right = await client.post("/login/code", data={"code": app.code()})
    assert (right.status_code, right.headers["location"]) == (303, "/inbox?state=all")
    assert has_session(client)
    assert (await client.get("/inbox")).status_code == 200


async def test_a_code_opens_one_session_however_many_ask_with_it_at_once(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    app, _ = await switched_on(alerts, jonas)
    clients = [(await password_given(alerts, jonas))[0] for _ in range(4)]
    code = app.code()
    answers = await asyncio.gather(*(one.post("/login/code", data={"code": code}) for one in clients))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]
    again, _ = await password_given(alerts, jonas)
    assert (await again.post("/login/code", data={"code": code})).status_code == 422


async def test_a_recovery_code_signs_in_once(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    _, codes = await switched_on(alerts, jonas)
    for status in (303, 422):
        client, _ = await password_given(alerts, jonas)
        answer = await client.post("/login/code", data={"code": f" {codes[3].upper()} "})
        assert answer.status_code == status
    assert "9 recovery codes are left." in (await jonas.get(PAGE)).text
    assert "recovery_code_used" in [line.act for line in await audit_lines(alerts.database)]


async def test_new_recovery_codes_end_the_earlier_ones_and_take_a_code(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    app, earlier = await switched_on(alerts, jonas)
    assert (await jonas.do(PAGE, act="codes", code="000000")).status_code == 422
    renewed = codes_in((await jonas.do(PAGE, act="codes", code=app.code())).text)
    assert len(set(renewed) - set(earlier)) == 10
    client, _ = await password_given(alerts, jonas)
    assert (await client.post("/login/code", data={"code": earlier[0]})).status_code == 422
    assert (await client.post("/login/code", data={"code": renewed[0]})).status_code == 303


async def test_it_is_switched_off_with_a_code_alone(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    app, _ = await switched_on(alerts, jonas)
    assert (await jonas.do(PAGE, act="off", code="")).status_code == 422
    assert (await jonas.do(PAGE, act="off", code=app.code())).status_code == 303
    _, goal = await password_given(alerts, jonas)
    assert goal == "/"
    assert await rows(alerts.database, "SELECT 1 FROM recovery_code") == []


async def test_attempts_at_codes_are_slowed_down_whoever_knows_the_password(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts, jonas)
    statuses = []
    for n in range(12):
        client = alerts.client(ip=f"192.0.2.{n}")
        await client.post("/login", data={"address": jonas.person.address, "password": PASSWORD})
        statuses.append((await client.post("/login/code", data={"code": "000000"})).status_code)
    assert statuses == [422] * 10 + [429] * 2


async def test_a_link_of_a_mail_does_not_get_around_it(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    app, _ = await switched_on(alerts, jonas)
    link = await sign_in_link(alerts.database, STAFF_URL, TENANT, jonas.person.address)
    client = alerts.client()
    used = await client.post(
        link.removeprefix(STAFF_URL), data={"password": "a sentence of theirs", "name": ""}
    )
    assert (used.headers["location"], SESSION_COOKIE in cookies_of(used)) == ("/login/code", False)
    assert (await client.post("/login/code", data={"code": app.code()})).headers["location"] == "/inbox"


async def test_a_password_that_was_changed_ends_what_was_begun_with_the_old_one(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    app, _ = await switched_on(alerts, jonas)
    client, _ = await password_given(alerts, jonas)
    await jonas.do("/settings", act="password", current=PASSWORD, password="quite a new sentence")
    answer = await client.post("/login/code", data={"code": app.code()})
    assert (answer.headers["location"], has_session(client)) == ("/login", False)


async def test_a_company_that_asks_for_it_lets_nobody_in_without(alerts: AlertsApi) -> None:
    admin, jonas = await alerts.signed_in("admin"), await alerts.signed_in()
    refused = await admin.do("/settings/sign-in", act="require")
    assert (refused.status_code, "Switch on your own second factor first" in refused.text) == (422, True)
    await switched_on(alerts, admin)
    assert (await admin.do("/settings/sign-in", act="require")).status_code == 303
    assert (await jonas.get("/login/renew")).headers["location"].startswith("/login?")
    assert (await admin.get("/login/renew?next=/inbox")).headers["location"] == "/inbox"

    client, goal = await password_given(alerts, jonas)
    assert (goal, has_session(client)) == ("/login/enrolment", False)
    await client.post("/login/enrolment", data={})
    app = App(alerts, jonas)
    await app.take_key()
    assert "Type the key instead" in (await client.get("/login/enrolment")).text
    assert (await client.post("/login/enrolment", data={"code": "000000"})).status_code == 422
    done = await client.post("/login/enrolment", data={"code": app.code()})
    assert (len(codes_in(done.text)), has_session(client)) == (10, True)
    assert (await client.get("/inbox")).status_code == 200
    off = await Browser(client, jonas.person).do(PAGE, act="off", code=app.code())
    assert (off.status_code, "Your company asks everybody" in off.text) == (422, True)
    assert [
        line.facts for line in await audit_lines(alerts.database) if line.act == "second_factor_rule"
    ] == [{"required": True}]


async def test_an_administrator_or_a_command_resets_what_is_lost(alerts: AlertsApi) -> None:
    admin, jonas = await alerts.signed_in("admin"), await alerts.signed_in()
    await switched_on(alerts, jonas)
    assert (await jonas.do("/settings/people", act="reset", person=str(admin.person.id))).status_code == 404
    assert (await admin.do("/settings/people", act="reset", person=str(jonas.person.id))).status_code == 303
    assert (await jonas.get("/login/renew")).headers["location"].startswith("/login?")
    assert (await password_given(alerts, jonas))[1] == "/"
    await switched_on(alerts, admin)
    await reset_second_factor(alerts.database, TENANT, admin.person.address)
    assert await rows(alerts.database, "SELECT 1 FROM second_factor") == []
    lines = [line for line in await audit_lines(alerts.database) if line.act == "second_factor_reset"]
    assert [(line.who_kind, line.about) for line in lines] == [
        ("staff", str(jonas.person.id)),
        ("command_line", str(admin.person.id)),
    ]


async def test_one_session_ends_by_itself_and_nobody_elses(alerts: AlertsApi) -> None:
    jonas, mia = await alerts.signed_in(), await alerts.signed_in(name="Mia Dal")
    second, _ = await password_given(alerts, jonas)
    (newest, *_) = await rows(
        alerts.database,
        "SELECT id FROM session WHERE staff_id = :id ORDER BY created_at DESC",
        id=jonas.person.id,
    )
    await mia.do("/settings/sessions", act="end", session=str(newest.id))
    assert (await second.get("/login/renew?next=/inbox")).headers["location"] == "/inbox"
    assert (await jonas.do("/settings/sessions", act="end", session=str(newest.id))).status_code == 303
    assert (await second.get("/login/renew")).headers["location"].startswith("/login?")
    assert (await jonas.get("/login/renew?next=/inbox")).headers["location"] == "/inbox"
