"""Sessions and passes: how long they hold, and what ends them."""

import re
from datetime import timedelta

import httpx
import pytest
from support.alerts_api import PASSWORD, STAFF_URL, AlertsApi, cookies_of
from support.alerts_builders import TENANT, rows

from services.alerts.errors import BadAccount
from services.alerts.staff.staff_commands import sign_in_link
from shared.http.staff_auth import ACCESS_COOKIE, SESSION_COOKIE


async def follow(client: httpx.AsyncClient, answer: httpx.Response) -> httpx.Response:
    """The request to which an answer redirects, with its method and its body."""
    assert answer.next_request is not None
    return await client.send(answer.next_request)


async def test_an_old_pass_is_renewed_and_a_post_keeps_its_body(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    jonas = await alerts.signed_in()
    csrf = await jonas.csrf()
    jonas.client.cookies.delete(ACCESS_COOKIE)
    sent = await jonas.client.post(f"/cases/{case}", data={"csrf": csrf, "act": "note", "text": "Kept."})
    assert sent.status_code == 307
    renewed = await follow(jonas.client, sent)
    assert (renewed.status_code, renewed.headers["location"]) == (307, f"/cases/{case}")
    done = await follow(jonas.client, renewed)
    assert done.status_code == 303
    assert "Kept." in (await jonas.get(f"/cases/{case}")).text


async def test_a_script_renews_its_pass_without_being_sent_around(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    for method in ("GET", "POST"):
        answer = await jonas.client.request(method, "/login/renew", headers={"accept": "application/json"})
        assert answer.status_code == 204
        assert ACCESS_COOKIE in cookies_of(answer)
    answer = await alerts.client().get("/login/renew", headers={"accept": "application/json"})
    assert answer.status_code == 401


async def test_a_session_cookie_that_was_tampered_with_is_none(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    good = jonas.client.cookies[SESSION_COOKIE]
    other_letter = "y" if good.startswith("x") else "x"
    for bad in (
        good[:-1],
        other_letter + good[1:],
        good.replace(TENANT, "other"),
        "",
        ".",
        "a.b",
        "a" * 5000,
    ):
        client = alerts.client()
        answer = await client.get("/login/renew?next=/inbox", headers={"cookie": f"{SESSION_COOKIE}={bad}"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Finbox")


async def test_signing_out_ends_this_session_and_everywhere_ends_the_others(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    second = alerts.client()
    await second.post("/login", data={"address": jonas.person.address, "password": PASSWORD})
    assert (await jonas.do("/settings/sessions", act="everywhere")).status_code == 303
    assert (await second.get("/login/renew")).headers["location"].startswith("/login?")
    assert (await jonas.get("/login/renew?next=/inbox")).headers["location"] == "/inbox"
    stolen = jonas.client.cookies[SESSION_COOKIE]
    assert (await jonas.do("/logout")).headers["location"] == "/login"
    answer = await alerts.client().get("/login/renew", headers={"cookie": f"{SESSION_COOKIE}={stolen}"})
    assert answer.headers["location"].startswith("/login?")


async def test_after_signing_out_a_pass_that_was_kept_changes_nothing(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    csrf, kept = await jonas.csrf(), dict(jonas.client.cookies)
    await jonas.do("/logout")
    for name, value in kept.items():
        jonas.client.cookies.set(name, value)
    answer = await jonas.client.post("/settings", data={"csrf": csrf, "act": "me", "name": "Somebody else"})
    assert answer.status_code in {303, 307}
    assert answer.headers["location"].startswith("/login")
    (row,) = await rows(alerts.database, "SELECT name FROM staff")
    assert row.name == "Jonas Holt"


async def test_who_is_dismissed_can_neither_renew_nor_sign_in(alerts: AlertsApi) -> None:
    admin, jonas = await alerts.signed_in("admin"), await alerts.signed_in()
    assert (
        await admin.do("/settings/people", act="deactivate", person=str(jonas.person.id), sure="yes")
    ).status_code == 303
    assert (await jonas.get("/login/renew")).headers["location"].startswith("/login?")
    answer = await alerts.client().post(
        "/login", data={"address": jonas.person.address, "password": PASSWORD}
    )
    assert answer.status_code == 422
    with pytest.raises(BadAccount):
        await sign_in_link(alerts.database, STAFF_URL, TENANT, jonas.person.address)


async def test_a_changed_role_holds_from_the_next_pass_on(alerts: AlertsApi) -> None:
    admin, jonas = await alerts.signed_in("admin"), await alerts.signed_in()
    assert (
        await admin.do("/settings/people", act="change", person=str(jonas.person.id), role="analyst")
    ).status_code == 303
    await jonas.get("/login/renew")
    assert (await jonas.get("/inbox")).status_code == 404


async def test_a_changed_role_or_limit_holds_for_the_next_act(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    admin, boss = await alerts.signed_in("admin"), await alerts.signed_in("admin")
    jonas = await alerts.signed_in("agent")
    csrf, own = await jonas.csrf(), await boss.csrf()
    for person, role, segments in ((jonas, "analyst", ""), (boss, "admin", "touchpoint:nowhere")):
        fields = {"role": role, "segments": segments, "sure": segments}
        done = await admin.do("/settings/people", act="change", person=str(person.person.id), **fields)
        assert done.status_code == 303
    note = await jonas.client.post(f"/cases/{case}", data={"csrf": csrf, "act": "note", "text": "Too late."})
    assert (note.status_code, note.headers["location"]) == (307, f"/login/renew?next=%2Fcases%2F{case}")
    renewed = await follow(jonas.client, note)
    again = await follow(jonas.client, renewed)
    assert again.status_code == 404
    wider = {"csrf": own, "act": "change", "person": str(boss.person.id), "role": "admin", "segments": ""}
    refused = await boss.client.post("/settings/people", data=wider)
    assert refused.status_code == 307
    renewed = await follow(boss.client, refused)
    again = await follow(boss.client, renewed)
    assert (again.status_code, "You can let others see only what you see." in again.text) == (422, True)
    (row,) = await rows(alerts.database, "SELECT segments FROM staff WHERE id = :id", id=boss.person.id)
    assert row.segments == ["touchpoint:nowhere"]


async def test_settings_say_where_and_when_somebody_was_last_here(alerts: AlertsApi) -> None:
    person, client = await alerts.person(), alerts.client()
    client.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    await client.post("/login", data={"address": person.address, "password": PASSWORD})
    assert "<b>Firefox on Linux</b> · since" in (await client.get("/settings/sessions")).text
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', (await client.get("/settings")).text)
    assert csrf is not None
    real = alerts.database.clock
    alerts.database.clock = lambda: real() + timedelta(days=1)
    try:
        form = {"csrf": csrf[1], "act": "me", "name": "Jonas Holt"}
        assert (await client.post("/settings", data=form)).is_redirect
    finally:
        alerts.database.clock = real
    (session,) = await rows(alerts.database, "SELECT created_at, seen_at FROM session")
    (staff,) = await rows(alerts.database, "SELECT seen_at FROM staff")
    assert session.seen_at - session.created_at > timedelta(hours=23)
    assert staff.seen_at == session.seen_at
