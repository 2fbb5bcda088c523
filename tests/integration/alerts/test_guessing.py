"""Guessing is slowed down, and keeps neither the owner nor a colleague out."""

from support.alerts_api import PASSWORD, AlertsApi

from services.alerts.staff.known_browsers import KNOWN_COOKIE, KnownBrowsers


async def guess(alerts: AlertsApi, address: str, ip: str, times: int = 1) -> list[int]:
    client = alerts.client(ip=ip)
    answers = [await client.post("/login", data={"address": address, "password": "no"}) for _ in range(times)]
    return [answer.status_code for answer in answers]


async def test_guessing_one_account_from_one_network_is_slowed_down(alerts: AlertsApi) -> None:
    person = await alerts.person()
    assert await guess(alerts, person.address, "192.0.2.1", 12) == [422] * 10 + [429] * 2
    same = [await guess(alerts, person.address, f"2001:db8::{n:x}") for n in range(1, 13)]
    assert same == [[422]] * 10 + [[429]] * 2


async def test_who_guesses_keeps_nobody_else_out(alerts: AlertsApi) -> None:
    person = await alerts.person()
    await guess(alerts, person.address, "192.0.2.1", 12)
    right = await alerts.client().post("/login", data={"address": person.address, "password": PASSWORD})
    assert right.status_code == 303


async def test_from_many_networks_an_account_is_slowed_down_but_not_in_a_browser_that_it_knows(
    alerts: AlertsApi,
) -> None:
    person, home = await alerts.person(), alerts.client(ip="198.51.100.7")
    form = {"address": person.address, "password": PASSWORD}
    assert (await home.post("/login", data=form)).status_code == 303
    sign_in = alerts.app.state.context.sign_in
    while not sign_in.per_account.failed(person.address):
        pass
    assert await guess(alerts, person.address, "192.0.2.99") == [429]
    assert (await home.post("/login", data=form)).status_code == 303
    wrong = [(await home.post("/login", data={**form, "password": "no"})).status_code for _ in range(11)]
    assert wrong[-1] == 429


async def test_one_household_of_ipv6_cannot_use_up_an_accounts_share(alerts: AlertsApi) -> None:
    person = await alerts.person()
    sign_in = alerts.app.state.context.sign_in
    for n in range(8):
        await guess(alerts, person.address, f"2001:db8:0:{n:x}::1", 10)
    assert await guess(alerts, person.address, "2001:db8:0:ff::1") == [429]
    assert sign_in.per_account.wait(person.address) == 0
    right = await alerts.client(ip="2001:db8:1::1").post(
        "/login", data={"address": person.address, "password": PASSWORD}
    )
    assert right.status_code == 303


async def test_a_colleague_who_guesses_behind_the_same_address_keeps_no_known_browser_out(
    alerts: AlertsApi,
) -> None:
    person, home = await alerts.person(), alerts.client(ip="198.51.100.7")
    form = {"address": person.address, "password": PASSWORD}
    await home.post("/login", data=form)
    sign_in = alerts.app.state.context.sign_in
    while not sign_in.per_network.failed("198.51.100.7"):
        pass
    assert await guess(alerts, person.address, "198.51.100.7") == [429]
    assert (await home.post("/login", data=form)).status_code == 303


async def test_no_flood_of_strangers_reaches_the_buckets_of_known_browsers(alerts: AlertsApi) -> None:
    person, home = await alerts.person(), alerts.client()
    form = {"address": person.address, "password": PASSWORD}
    await home.post("/login", data=form)
    sign_in = alerts.app.state.context.sign_in
    for bucket in (sign_in.per_account_and_network, sign_in.per_account_and_site, sign_in.per_account):
        bucket.wait = lambda _: 30.0  # as it is while all buckets are empty
    assert await guess(alerts, person.address, "192.0.2.1") == [429]
    assert (await home.post("/login", data=form)).status_code == 303


async def test_each_of_those_who_share_a_browser_is_known_in_it(alerts: AlertsApi) -> None:
    counter, people = alerts.client(), [await alerts.person() for _ in range(3)]
    for person in people:
        await counter.post("/login", data={"address": person.address, "password": PASSWORD})
    sign_in = alerts.app.state.context.sign_in
    for person in people:
        cookie = counter.cookies[KNOWN_COOKIE]
        assert sign_in.known_browsers.read(cookie, person.address)
    assert len(counter.cookies[KNOWN_COOKIE]) < 1_000


def test_the_cookie_of_a_known_browser_stays_small() -> None:
    known, cookie = KnownBrowsers("a secret of at least thirty-two characters"), ""
    for n in range(50):
        cookie = known.sign(f"somebody{n}@example.com", cookie)
    assert len(cookie) < 2_000
    assert known.read(cookie, "somebody49@example.com")
    assert not known.read(cookie, "somebody0@example.com")


async def test_a_cookie_of_one_account_or_a_forged_one_makes_no_browser_known_for_another(
    alerts: AlertsApi,
) -> None:
    mine, other = await alerts.person(), await alerts.person()
    known = alerts.app.state.context.sign_in.known_browsers
    cookie = known.sign(mine.address)
    assert known.read(cookie, mine.address)
    assert not known.read(cookie, other.address)
    assert not known.read(cookie[:-3] + "abc", mine.address)
    assert not known.read("", mine.address)


async def test_who_is_refused_takes_no_attempts_of_others(alerts: AlertsApi) -> None:
    people = [await alerts.person() for _ in range(6)]
    for person in people:
        await guess(alerts, person.address, "192.0.2.1", 12)
    for person in people:
        assert await guess(alerts, person.address, "192.0.2.2") == [422]
