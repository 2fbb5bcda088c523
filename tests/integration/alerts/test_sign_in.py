"""Sign-in, passes, links, settings: who gets in, for how long, and who no longer does."""

import re
import statistics
import time
from datetime import timedelta

import pytest
from support.alerts_builders import TENANT, rows

from services.alerts import links
from services.alerts.errors import BadAccount
from services.alerts.hiring import create_staff, set_password, sign_in_link
from services.alerts.known_browsers import KNOWN_COOKIE, KnownBrowsers
from services.alerts.passwords import Passwords
from shared.http.staff_auth import ACCESS_COOKIE, SESSION_COOKIE

from .conftest import PASSWORD, Browser, Desk

URL = "http://staff.example"


def cookies(answer) -> dict[str, str]:
    return {one.partition("=")[0]: one for one in answer.headers.get_list("set-cookie")}


async def test_address_and_password_open_a_session_with_safe_cookies(desk: Desk) -> None:
    person = await desk.person()
    answer = await desk.client().post(
        "/login", data={"address": f" {person.address.upper()} ", "password": PASSWORD, "next": "/cases?x=1"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases?x=1")
    for name in (ACCESS_COOKIE, SESSION_COOKIE):
        told = cookies(answer)[name].lower()
        assert "httponly" in told
        assert "samesite=lax" in told
    assert "max-age=300" in cookies(answer)[ACCESS_COOKIE].lower()
    (row,) = await rows(desk.database, "SELECT digest FROM session")
    assert row.digest not in answer.cookies[SESSION_COOKIE]


async def test_an_unknown_address_and_a_wrong_password_get_the_same_words(desk: Desk) -> None:
    person = await desk.person()
    said = []
    for address in (person.address, "nobody@example.com"):
        answer = await desk.client().post(
            "/login", data={"address": address, "password": "wrong wrong wrong"}
        )
        assert answer.status_code == 422
        assert SESSION_COOKIE not in cookies(answer)
        said.append(answer.text.replace(address, ""))
    assert said[0] == said[1]
    assert "That address and password do not belong together." in said[0]


async def test_an_unknown_address_takes_as_long_as_a_wrong_password(desk: Desk) -> None:
    person = await desk.person()
    real = await Passwords().hash(PASSWORD)
    async with desk.database.transaction() as uow:
        await uow.execute("UPDATE staff SET password_hash = :h", {"h": real})
    sign_in = desk.app.state.context.sign_in
    took: dict[str, list[float]] = {person.address: [], "nobody@example.com": []}
    for _ in range(5):
        for address, times in took.items():
            began = time.process_time()
            assert await sign_in.accounts_of(address, "wrong wrong wrong", known=False) == []
            times.append(time.process_time() - began)
    known, unknown = (statistics.median(times) for times in took.values())
    assert 0.5 < unknown / known < 2


async def guess(desk: Desk, address: str, ip: str, times: int = 1) -> list[int]:
    client = desk.client(ip=ip)
    answers = [await client.post("/login", data={"address": address, "password": "no"}) for _ in range(times)]
    return [answer.status_code for answer in answers]


async def test_guessing_one_account_from_one_network_is_slowed_down(desk: Desk) -> None:
    person = await desk.person()
    assert await guess(desk, person.address, "192.0.2.1", 12) == [422] * 10 + [429] * 2
    same = [await guess(desk, person.address, f"2001:db8::{n:x}") for n in range(1, 13)]
    assert same == [[422]] * 10 + [[429]] * 2


async def test_who_guesses_keeps_nobody_else_out(desk: Desk) -> None:
    person = await desk.person()
    await guess(desk, person.address, "192.0.2.1", 12)
    right = await desk.client().post("/login", data={"address": person.address, "password": PASSWORD})
    assert right.status_code == 303


async def test_from_many_networks_an_account_is_slowed_down_but_not_in_a_browser_that_it_knows(
    desk: Desk,
) -> None:
    person, home = await desk.person(), desk.client(ip="198.51.100.7")
    form = {"address": person.address, "password": PASSWORD}
    assert (await home.post("/login", data=form)).status_code == 303
    sign_in = desk.app.state.context.sign_in
    while not sign_in.per_account.failed(person.address):
        pass
    assert await guess(desk, person.address, "192.0.2.99") == [429]
    assert (await home.post("/login", data=form)).status_code == 303
    wrong = [(await home.post("/login", data={**form, "password": "no"})).status_code for _ in range(11)]
    assert wrong[-1] == 429


async def test_one_household_of_ipv6_cannot_use_up_an_accounts_share(desk: Desk) -> None:
    person = await desk.person()
    sign_in = desk.app.state.context.sign_in
    for n in range(8):
        await guess(desk, person.address, f"2001:db8:0:{n:x}::1", 10)
    assert await guess(desk, person.address, "2001:db8:0:ff::1") == [429]
    assert sign_in.per_account.wait(person.address) == 0
    right = await desk.client(ip="2001:db8:1::1").post(
        "/login", data={"address": person.address, "password": PASSWORD}
    )
    assert right.status_code == 303


async def test_a_colleague_who_guesses_behind_the_same_address_keeps_no_known_browser_out(desk: Desk) -> None:
    person, home = await desk.person(), desk.client(ip="198.51.100.7")
    form = {"address": person.address, "password": PASSWORD}
    await home.post("/login", data=form)
    sign_in = desk.app.state.context.sign_in
    while not sign_in.per_network.failed("198.51.100.7"):
        pass
    assert await guess(desk, person.address, "198.51.100.7") == [429]
    assert (await home.post("/login", data=form)).status_code == 303


async def test_no_flood_of_strangers_reaches_the_buckets_of_known_browsers(desk: Desk) -> None:
    person, home = await desk.person(), desk.client()
    form = {"address": person.address, "password": PASSWORD}
    await home.post("/login", data=form)
    sign_in = desk.app.state.context.sign_in
    for bucket in (sign_in.per_account_here, sign_in.per_account_near, sign_in.per_account):
        bucket.wait = lambda _: 30.0  # as it is while all buckets are empty
    assert await guess(desk, person.address, "192.0.2.1") == [429]
    assert (await home.post("/login", data=form)).status_code == 303


async def test_each_of_those_who_share_a_browser_is_known_in_it(desk: Desk) -> None:
    counter, people = desk.client(), [await desk.person() for _ in range(3)]
    for person in people:
        await counter.post("/login", data={"address": person.address, "password": PASSWORD})
    sign_in = desk.app.state.context.sign_in
    for person in people:
        mark = counter.cookies[KNOWN_COOKIE]
        assert sign_in.known_browsers.read(mark, person.address)
    assert len(counter.cookies[KNOWN_COOKIE]) < 1_000


def test_the_mark_of_a_browser_stays_small() -> None:
    known, mark = KnownBrowsers("a secret of at least thirty-two characters"), ""
    for n in range(50):
        mark = known.mark(f"somebody{n}@example.com", mark)
    assert len(mark) < 2_000
    assert known.read(mark, "somebody49@example.com")
    assert not known.read(mark, "somebody0@example.com")


async def test_a_mark_of_one_account_or_a_forged_one_is_no_mark_of_another(desk: Desk) -> None:
    mine, other = await desk.person(), await desk.person()
    known = desk.app.state.context.sign_in.known_browsers
    mark = known.mark(mine.address)
    assert known.read(mark, mine.address)
    assert not known.read(mark, other.address)
    assert not known.read(mark[:-3] + "abc", mine.address)
    assert not known.read("", mine.address)


async def test_who_is_refused_takes_no_attempts_of_others(desk: Desk) -> None:
    people = [await desk.person() for _ in range(6)]
    for person in people:
        await guess(desk, person.address, "192.0.2.1", 12)
    for person in people:
        assert await guess(desk, person.address, "192.0.2.2") == [422]


async def test_a_form_of_another_site_cannot_sign_anybody_in(desk: Desk) -> None:
    person = await desk.person()
    answer = await desk.client().post(
        "/login",
        data={"address": person.address, "password": PASSWORD},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 403


async def test_sign_in_leads_to_our_own_pages_only(desk: Desk) -> None:
    person = await desk.person()
    for goal in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = await desk.client().post(
            "/login", data={"address": person.address, "password": PASSWORD, "next": goal}
        )
        assert answer.headers["location"] == "/"


async def test_one_address_in_two_companies_opens_the_one_of_its_password(desk: Desk) -> None:
    first = await create_staff(desk.database, URL, TENANT, "Both@example.com", "agent")
    assert first.startswith(f"{URL}/login/link/")
    await create_staff(desk.database, URL, "other", "both@example.com", "agent")
    await set_password(desk.database, TENANT, "both@example.com", "password of havnbo")
    await set_password(desk.database, "other", "both@example.com", "password of the other")
    for password, tenant in (("password of havnbo", "Havnbo"), ("password of the other", "Other")):
        client = desk.client()
        await client.post("/login", data={"address": "both@example.com", "password": password})
        assert tenant in (await client.get("/inbox")).text


async def test_an_old_pass_is_renewed_and_a_post_keeps_its_body(desk: Desk) -> None:
    case = await desk.unhappy()
    jonas = await desk.signed_in()
    csrf = await jonas.csrf()
    jonas.client.cookies.delete(ACCESS_COOKIE)
    sent = await jonas.client.post(f"/cases/{case}", data={"csrf": csrf, "act": "note", "text": "Kept."})
    assert sent.status_code == 307
    renewed = await jonas.client.send(sent.next_request)
    assert (renewed.status_code, renewed.headers["location"]) == (307, f"/cases/{case}")
    done = await jonas.client.send(renewed.next_request)
    assert done.status_code == 303
    assert "Kept." in (await jonas.get(f"/cases/{case}")).text


async def test_a_script_renews_its_pass_without_being_sent_around(desk: Desk) -> None:
    jonas = await desk.signed_in()
    for method in ("GET", "POST"):
        answer = await jonas.client.request(method, "/login/renew", headers={"accept": "application/json"})
        assert answer.status_code == 204
        assert ACCESS_COOKIE in cookies(answer)
    answer = await desk.client().get("/login/renew", headers={"accept": "application/json"})
    assert answer.status_code == 401


async def test_a_session_cookie_that_was_tampered_with_is_none(desk: Desk) -> None:
    jonas = await desk.signed_in()
    good = jonas.client.cookies[SESSION_COOKIE]
    for bad in (good[:-1], "x" + good[1:], good.replace(TENANT, "other"), "", ".", "a.b", "a" * 5000):
        client = desk.client()
        answer = await client.get("/login/renew?next=/inbox", headers={"cookie": f"{SESSION_COOKIE}={bad}"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Finbox")


async def test_signing_out_ends_this_session_and_everywhere_ends_the_others(desk: Desk) -> None:
    jonas = await desk.signed_in()
    second = desk.client()
    await second.post("/login", data={"address": jonas.person.address, "password": PASSWORD})
    assert (await jonas.do("/settings", act="everywhere")).status_code == 303
    assert (await second.get("/login/renew")).headers["location"].startswith("/login?")
    assert (await jonas.get("/login/renew?next=/inbox")).headers["location"] == "/inbox"
    stolen = jonas.client.cookies[SESSION_COOKIE]
    assert (await jonas.do("/logout")).headers["location"] == "/login"
    answer = await desk.client().get("/login/renew", headers={"cookie": f"{SESSION_COOKIE}={stolen}"})
    assert answer.headers["location"].startswith("/login?")


async def test_who_is_dismissed_can_neither_renew_nor_sign_in(desk: Desk) -> None:
    admin, jonas = await desk.signed_in("admin"), await desk.signed_in()
    assert (
        await admin.do("/settings", act="deactivate", person=str(jonas.person.id), sure="yes")
    ).status_code == 303
    assert (await jonas.get("/login/renew")).headers["location"].startswith("/login?")
    answer = await desk.client().post("/login", data={"address": jonas.person.address, "password": PASSWORD})
    assert answer.status_code == 422
    with pytest.raises(BadAccount):
        await sign_in_link(desk.database, URL, TENANT, jonas.person.address)


async def test_a_changed_role_holds_from_the_next_pass_on(desk: Desk) -> None:
    admin, jonas = await desk.signed_in("admin"), await desk.signed_in()
    assert (
        await admin.do("/settings", act="change", person=str(jonas.person.id), role="analyst")
    ).status_code == 303
    await jonas.get("/login/renew")
    assert (await jonas.get("/inbox")).status_code == 404


async def test_a_changed_role_or_limit_holds_for_the_next_act(desk: Desk) -> None:
    case = await desk.unhappy()
    admin, boss = await desk.signed_in("admin"), await desk.signed_in("admin")
    jonas = await desk.signed_in("agent")
    csrf, own = await jonas.csrf(), await boss.csrf()
    for person, role, segments in ((jonas, "analyst", ""), (boss, "admin", "touchpoint:nowhere")):
        fields = {"role": role, "segments": segments, "sure": segments}
        done = await admin.do("/settings", act="change", person=str(person.person.id), **fields)
        assert done.status_code == 303
    note = await jonas.client.post(f"/cases/{case}", data={"csrf": csrf, "act": "note", "text": "Too late."})
    assert (note.status_code, note.headers["location"]) == (307, f"/login/renew?next=%2Fcases%2F{case}")
    renewed = await jonas.client.send(note.next_request)
    again = await jonas.client.send(renewed.next_request)
    assert again.status_code == 404
    wider = {"csrf": own, "act": "change", "person": str(boss.person.id), "role": "admin", "segments": ""}
    refused = await boss.client.post("/settings", data=wider)
    assert refused.status_code == 307
    renewed = await boss.client.send(refused.next_request)
    again = await boss.client.send(renewed.next_request)
    assert (again.status_code, "You can let others see only what you see." in again.text) == (422, True)
    (row,) = await rows(desk.database, "SELECT segments FROM staff WHERE id = :id", id=boss.person.id)
    assert row.segments == ["touchpoint:nowhere"]


async def test_who_comes_back_gets_in_by_no_link_of_before(desk: Desk) -> None:
    admin, jonas = await desk.signed_in("admin"), await desk.person()
    link = (await sign_in_link(desk.database, URL, TENANT, jonas.address)).removeprefix(URL)
    for fields in ({"act": "deactivate", "sure": "yes"}, {"act": "activate"}):
        assert (await admin.do("/settings", person=str(jonas.id), **fields)).status_code == 303
    assert (await desk.client().get(link)).status_code == 410


async def test_a_password_that_the_operator_sets_ends_sessions_and_links(desk: Desk) -> None:
    jonas = await desk.signed_in()
    link = (await sign_in_link(desk.database, URL, TENANT, jonas.person.address)).removeprefix(URL)
    await set_password(desk.database, TENANT, jonas.person.address, "another quiet evening")
    assert (await jonas.get("/login/renew")).headers["location"].startswith("/login?")
    assert (await desk.client().get(link)).status_code == 410


async def test_the_last_administrator_stays(desk: Desk) -> None:
    admin = await desk.signed_in("admin")
    for fields in ({"act": "deactivate", "sure": "yes"}, {"act": "change", "role": "agent"}):
        answer = await admin.do("/settings", person=str(admin.person.id), **fields)
        assert answer.status_code == 422
        assert "This is the last administrator." in answer.text


async def test_only_administrators_manage_people_and_only_their_own(desk: Desk) -> None:
    agent, admin = await desk.signed_in("agent"), await desk.signed_in("admin")
    victim, foreign = await desk.person(), await desk.person(tenant="other")
    for fields in (
        {"act": "invite", "address": "new@example.com", "role": "admin"},
        {"act": "deactivate", "person": str(victim.id)},
        {"act": "change", "person": str(agent.person.id), "role": "admin"},
    ):
        assert (await agent.do("/settings", **fields)).status_code == 404
    for act in ("deactivate", "change", "link", "activate"):
        answer = await admin.do("/settings", act=act, person=str(foreign.id), role="agent")
        assert answer.status_code == 422
    assert foreign.address not in (await admin.get("/settings")).text
    assert victim.address not in (await agent.get("/settings")).text


async def test_a_one_time_link_shows_a_button_and_works_once(desk: Desk) -> None:
    link = await create_staff(desk.database, URL, TENANT, "new@example.com", "agent", name="New Person")
    path = link.removeprefix(URL)
    client = desk.client()
    for _ in range(2):
        page = await client.get(path)
        assert page.status_code == 200
        assert "Welcome to Havnbo." in page.text
    short = await client.post(path, data={"password": "short"})
    assert short.status_code == 422
    entered = await client.post(path, data={"password": "a long sentence"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/inbox")
    assert (await client.get("/inbox")).status_code == 200
    again = await desk.client().post(path, data={"password": "another sentence"})
    assert again.status_code == 410
    assert "This link no longer works." in again.text
    for wrong in ("/login/link/nothing", "/login/link/x.havnbo", path + "x"):
        assert (await desk.client().get(wrong)).status_code == 410


async def test_a_link_ends_after_a_day_and_with_the_next_one(desk: Desk) -> None:
    first = await create_staff(desk.database, URL, TENANT, "new@example.com", "agent")
    second = await sign_in_link(desk.database, URL, TENANT, "new@example.com")
    assert (await desk.client().get(first.removeprefix(URL))).status_code == 410
    assert (await desk.client().get(second.removeprefix(URL))).status_code == 200
    real = desk.database.clock
    desk.database.clock = lambda: real() + links.LAST
    try:
        assert (await desk.client().get(second.removeprefix(URL))).status_code == 410
    finally:
        desk.database.clock = real


async def test_an_invitation_goes_out_by_mail_and_wrong_fields_are_named(desk: Desk) -> None:
    admin = await desk.signed_in("admin")
    sent = await admin.do(
        "/settings",
        act="invite",
        address="New@Example.com",
        name="Sara",
        role="leader",
        segments="touchpoint:shop",
    )
    assert sent.status_code == 303
    (notice,) = await rows(desk.database, "SELECT kind, state FROM notification")
    assert (notice.kind, notice.state) == ("invite", "waiting")
    for fields, words in (
        ({"address": "new@example.com", "role": "agent"}, "Somebody with this address is here already."),
        ({"address": "no address", "role": "agent"}, "Write an address such as"),
        ({"address": "a@example.com", "role": "king"}, "Choose one of admin"),
        ({"address": "a@example.com", "role": "agent", "segments": "shop"}, "dimension:value"),
    ):
        answer = await admin.do("/settings", act="invite", **fields)
        assert answer.status_code == 422
        assert words in answer.text


async def test_a_new_password_needs_the_old_one_and_ends_other_sessions(desk: Desk) -> None:
    jonas = await desk.signed_in()
    second = desk.client()
    await second.post("/login", data={"address": jonas.person.address, "password": PASSWORD})
    wrong = await jonas.do("/settings", act="password", current="not mine at all", password="a new sentence")
    assert (wrong.status_code, "That is not your password." in wrong.text) == (422, True)
    short = await jonas.do("/settings", act="password", current=PASSWORD, password="short")
    assert short.status_code == 422
    done = await jonas.do("/settings", act="password", current=PASSWORD, password="a new sentence")
    assert done.status_code == 303
    assert (await second.get("/login/renew")).headers["location"].startswith("/login?")
    assert re.search(
        "argon2id", (await rows(desk.database, "SELECT password_hash FROM staff"))[0].password_hash
    )


async def test_hashes_cost_nineteen_mebibytes() -> None:
    assert "m=19456" in await Passwords().hash("a sentence")


async def test_after_signing_out_a_pass_that_was_kept_changes_nothing(desk: Desk) -> None:
    jonas = await desk.signed_in()
    csrf, kept = await jonas.csrf(), dict(jonas.client.cookies)
    await jonas.do("/logout")
    for name, value in kept.items():
        jonas.client.cookies.set(name, value)
    answer = await jonas.client.post("/settings", data={"csrf": csrf, "act": "me", "name": "Somebody else"})
    assert answer.status_code in {303, 307}
    assert answer.headers["location"].startswith("/login")
    (row,) = await rows(desk.database, "SELECT name FROM staff")
    assert row.name == "Jonas Holt"


async def test_a_password_that_is_changed_ends_every_link_that_could_change_it_back(desk: Desk) -> None:
    jonas = await desk.signed_in()
    link = await sign_in_link(desk.database, URL, TENANT, jonas.person.address)
    await jonas.do("/settings", act="password", current=PASSWORD, password="quite a new sentence")
    path = link.removeprefix(URL)
    assert (await desk.client().get(path)).status_code == 410
    used = await desk.client().post(path, data={"password": "another one of theirs", "name": "N"})
    assert (used.status_code, SESSION_COOKIE in cookies(used)) == (410, False)


async def test_a_made_up_link_costs_no_hash(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hashed(*_: object, **__: object) -> str:
        raise AssertionError

    monkeypatch.setattr(desk.app.state.context.sign_in.passwords, "hash", hashed)
    answer = await desk.client().post(
        "/login/link/made-up." + TENANT, data={"password": "a sentence of mine", "name": "N"}
    )
    assert answer.status_code == 410


async def test_who_is_invited_says_their_name_beside_the_password(desk: Desk) -> None:
    link = (await create_staff(desk.database, URL, TENANT, "you@example.com", "agent")).removeprefix(URL)
    page = (await desk.client().get(link)).text
    assert "Welcome to Havnbo." in page
    assert "Welcome, you" not in page
    long = await desk.client().post(link, data={"password": "a sentence of mine", "name": "M" * 300})
    assert (long.status_code, "Write a shorter name." in long.text) == (422, True)
    assert (
        await desk.client().post(link, data={"password": "a sentence of mine", "name": "Mie Lund"})
    ).is_redirect
    (row,) = await rows(desk.database, "SELECT name FROM staff")
    assert row.name == "Mie Lund"


async def test_an_administrator_of_one_segment_gives_nobody_more_than_that(desk: Desk) -> None:
    limited = await desk.signed_in("admin", segments=["store:aarhus"])
    colleague = await desk.person("agent", name="Everywhere")
    page = (await limited.get("/settings")).text
    assert "Everywhere" not in page
    own = str(limited.person.id)
    for wanted in ("", "store:odense", "store:aarhus\nstore:odense"):
        for person in (own, str(colleague.id)):
            form = {"act": "change", "person": person, "role": "admin", "segments": wanted, "sure": wanted}
            assert (await limited.do("/settings", **form)).status_code == 422
    for act in ("link", "deactivate", "activate"):
        answer = await limited.do("/settings", act=act, person=str(colleague.id), sure="yes")
        assert answer.status_code == 422
    kept = {row.id: list(row.segments) for row in await rows(desk.database, "SELECT id, segments FROM staff")}
    assert kept == {limited.person.id: ["store:aarhus"], colleague.id: []}


async def test_a_segment_with_blanks_can_be_saved_again_and_a_misspelt_one_is_pointed_out(desk: Desk) -> None:
    await desk.unhappy(segments={"store": "aarhus"}, organisation=("North Jutland",))
    admin = await desk.signed_in("admin")
    person = await desk.person("agent", segments=["organisation:North Jutland"])
    form = {"act": "change", "person": str(person.id), "role": "agent"}
    assert (await admin.do("/settings", **form, segments="organisation:North Jutland")).status_code == 303
    wrong = await admin.do("/settings", **form, segments="store:aarhuss\norganisation:North Jutland")
    assert wrong.status_code == 422
    assert "No case has come from store:aarhuss yet. Do you mean store:aarhus?" in wrong.text
    sure = re.search(r'name="sure" value="([^"]+)"', wrong.text)
    assert sure is not None
    meant = await admin.do("/settings", **form, segments="store:aarhuss", sure=sure[1])
    assert meant.status_code == 303


async def test_access_ends_only_when_it_is_meant(desk: Desk) -> None:
    admin, person = await desk.signed_in("admin"), await desk.person("agent")
    once = await admin.do("/settings", act="deactivate", person=str(person.id))
    assert once.status_code == 422
    assert (
        await admin.do("/settings", act="deactivate", person=str(person.id), sure="yes")
    ).status_code == 303


async def test_settings_say_where_and_when_somebody_was_last_here(desk: Desk) -> None:
    person, client = await desk.person(), desk.client()
    client.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    await client.post("/login", data={"address": person.address, "password": PASSWORD})
    assert "Firefox on Linux · since" in (await client.get("/settings")).text
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', (await client.get("/settings")).text)
    assert csrf is not None
    real = desk.database.clock
    desk.database.clock = lambda: real() + timedelta(days=1)
    try:
        form = {"csrf": csrf[1], "act": "me", "name": "Jonas Holt"}
        assert (await client.post("/settings", data=form)).is_redirect
    finally:
        desk.database.clock = real
    (session,) = await rows(desk.database, "SELECT created_at, seen_at FROM session")
    (staff,) = await rows(desk.database, "SELECT seen_at FROM staff")
    assert session.seen_at - session.created_at > timedelta(hours=23)
    assert staff.seen_at == session.seen_at


async def test_people_are_invited_active_or_ended_and_the_list_says_so(desk: Desk) -> None:
    admin = await desk.signed_in("admin", name="Anna Admin")
    left, seen = await desk.person(name="Lea Left"), await desk.signed_in(name="Sam Seen")
    await create_staff(desk.database, URL, TENANT, "iris@example.com", "leader", name="Iris Invited")
    await admin.do("/settings", act="deactivate", person=str(left.id), sure="yes")
    text = " ".join(re.sub("<[^>]+>", "", (await admin.get("/settings")).text).split())
    for words in (
        "Lea Left · Agent · access ended",
        "Sam Seen · Agent · last active",
        "Iris Invited · Team leader · invited",
        "You are an administrator of Havnbo.",
    ):
        assert words in text
    assert "You are an agent of Havnbo." in (await seen.get("/settings")).text


async def test_a_form_that_was_drawn_before_somebody_changed_it_takes_nothing_back(desk: Desk) -> None:
    admin, jonas = await desk.signed_in("admin"), await desk.signed_in()

    async def drawn(browser: Browser, act: str) -> str:
        page = (await browser.get("/settings")).text
        found = re.search(rf'name="act" value="{act}">.*?name="drawn" value="([0-9a-f]+)"', page, re.DOTALL)
        assert found is not None
        return found[1]

    async with desk.database.transaction() as uow:
        await uow.execute(
            "UPDATE staff SET name = 'Aaron First' WHERE id = :id", {"id": jonas.person.id}
        )  # so that theirs is the first form
    before = await drawn(admin, "change")
    fields = {"act": "change", "person": str(jonas.person.id), "role": "leader", "segments": "store:x"}
    assert (await admin.do("/settings", **fields, sure="store:x", drawn=before)).status_code == 303
    stale = await admin.do("/settings", **{**fields, "segments": ""}, drawn=before)
    assert (stale.status_code, "Not saved: somebody changed" in stale.text) == (422, True)
    (row,) = await rows(desk.database, "SELECT segments FROM staff WHERE id = :id", id=jonas.person.id)
    assert row.segments == ["store:x"]
    again = await admin.do("/settings", **{**fields, "segments": ""}, drawn=await drawn(admin, "change"))
    assert again.status_code == 303

    mia = await desk.signed_in()
    own = await drawn(mia, "me")
    assert (
        await mia.do("/settings", act="me", name="Jo Holt", wants_mail="on", drawn=own)
    ).status_code == 303
    stale = await mia.do("/settings", act="me", name="Mia Before", drawn=own)
    assert (stale.status_code, "You changed this elsewhere meanwhile." in stale.text) == (422, True)
    (row,) = await rows(desk.database, "SELECT name FROM staff WHERE id = :id", id=mia.person.id)
    assert row.name == "Jo Holt"
