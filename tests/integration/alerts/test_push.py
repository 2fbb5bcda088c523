"""Push messages to the browsers of colleagues: once, encrypted, and to nobody who has left."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest
from support.alerts_api import STAFF_URL, AlertsApi, Browser
from support.alerts_builders import TENANT, act_on_answers, an_answer, deliver, rows
from support.erasing import erase_customer
from support.eventually import eventually
from support.kernel_service import running
from support.push_service import BrowserKeys, a_push_service, trusting
from support.webhook_receiver import Received, Receiver, Reply
from support.webhooks import LOOPBACK, MovedClock, no_lane_is_served

from services.alerts.app import SERVICE
from services.alerts.cases.schedule import delete_expired
from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices import push_lanes
from services.alerts.notices.choices import NoticeChoices, TopicChoice
from services.alerts.notices.notice_commands import save_choices
from services.alerts.notices.push_lanes import MOST_OF_COMPANY, PushLanes
from services.alerts.notices.pushes import PushRenderer
from services.alerts.notices.queue import PushQueue
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.notices.repository import notifications
from shared.db.notifications import DELIVERIES_CHANNEL, ChangeListener
from shared.ids import uuid7
from shared.mail.installation import InstallationSender
from shared.outbound import LEASE_DURATION, deliveries, lanes, leases, web_push
from shared.outbound.address_guard import AddressGuard
from shared.outbound.guarded_http import guarded_pool
from shared.outbound.lanes import POLL_INTERVAL_S
from shared.outbound.web_push import Vapid


@pytest.fixture
async def service() -> AsyncIterator[Receiver]:
    async with a_push_service() as receiver:
        yield receiver


@pytest.fixture
def clock(alerts: AlertsApi) -> MovedClock:
    """The clock of the database, which tests move on."""
    clock = MovedClock()
    alerts.database.clock = clock
    return clock


def a_sender(
    alerts: AlertsApi,
    guard: AddressGuard | None = None,
    listener: ChangeListener | None = None,
    pushes: PushRenderer | None = None,
    poll_interval_s: float = POLL_INTERVAL_S,
) -> PushLanes:
    context = alerts.context
    sender = InstallationSender("afterword@example.com")
    renderer = NoticeRenderer(sender, STAFF_URL, context.secret, alerts.database.clock)
    queue = PushQueue(renderer, NOTICE_KINDS, pushes or PushRenderer(context.secret))
    return PushLanes(
        alerts.database,
        queue,
        Vapid(context.secret, "mailto:afterword@example.com"),
        context.health,
        guard=guard or AddressGuard.of(LOOPBACK),
        make_pool=partial(guarded_pool, connections=1, trusted=trusting()),
        listener=listener,
        poll_interval_s=poll_interval_s,
    )


def has(came: Sequence[object], number: int) -> bool:
    return len(came) == number


async def drain(lanes: PushLanes) -> None:
    """Serve all browsers until none has a message that may be sent now."""
    await lanes.step()
    while lanes._served:
        await asyncio.wait(lanes._served)
        await lanes.step()


async def switch_on(browser: Browser, service: Receiver, path: str = "/push") -> BrowserKeys:
    """What the page does when somebody switches their browser on."""
    keys = BrowserKeys()
    made = keys.subscription(service.url(path))
    fields = {"endpoint": made.endpoint, "p256dh": made.p256dh, "auth": made.auth}
    done = await browser.do("/settings/notices", act="on", **fields)
    assert done.headers["location"] == "/settings/notices?did=on", done.text
    return keys


async def states(alerts: AlertsApi) -> list[str]:
    found = await rows(alerts.database, "SELECT state FROM delivery WHERE channel = 'push' ORDER BY about_id")
    return [row.state for row in found]


async def browsers(alerts: AlertsApi) -> list[Any]:
    return await rows(alerts.database, "SELECT * FROM push_subscription")


async def test_a_browser_reads_of_a_case_what_a_mail_tells_and_nothing_of_the_customer(
    alerts: AlertsApi, service: Receiver
) -> None:
    jonas = await alerts.signed_in()
    keys = await switch_on(jonas, service)
    case = await alerts.open_case(score=3, comment="Karen's very own words")
    await drain(a_sender(alerts))
    (came,) = service.received
    shown = msgspec.json.decode(keys.decrypted(came.body))
    (row,) = await rows(alerts.database, "SELECT number FROM cases")
    assert shown["title"] == f"Case {row.number}: a customer gave a 3"
    assert shown["body"] == "A customer gave a 3 after home delivery."
    assert shown["path"] == f"/cases/{case}"
    assert not any(word in str(shown) for word in ("Karen", "karen@example.com", "very own words"))
    assert (came.headers["content-encoding"], came.headers["ttl"]) == ("aes128gcm", "86400")
    assert came.headers["urgency"] == "normal"
    assert len(came.headers["topic"]) == 32
    assert came.headers["authorization"].startswith("vapid t=")
    (browser,) = await browsers(alerts)
    assert service.url("/push").encode() not in bytes(browser.sealed)
    assert browser.taken_at is not None
    assert await states(alerts) == ["sent"]


async def test_each_browser_gets_each_message_once_whoever_sends(
    alerts: AlertsApi, service: Receiver
) -> None:
    jonas = await alerts.signed_in()
    await switch_on(jonas, service, "/one")
    sara = await alerts.signed_in()
    await switch_on(sara, service, "/two")
    answer = an_answer()
    await deliver(alerts.database, act_on_answers, answer)
    await deliver(alerts.database, act_on_answers, answer)
    await asyncio.gather(*(drain(a_sender(alerts)) for _ in range(3)))
    assert sorted(each.path for each in service.received) == ["/one", "/two"]


@pytest.mark.parametrize(
    ("reply", "state", "kept"),
    [
        (Reply(201), "sent", 1),
        (Reply(404), "failed", 0),
        (Reply(410), "failed", 0),
        (Reply(403), "failed", 1),
        (Reply(413), "failed", 1),
        (Reply(302, {"location": "https://127.0.0.1/other"}), "waiting", 1),
        (Reply(500), "waiting", 1),
    ],
    ids=lambda one: str(one.status) if isinstance(one, Reply) else str(one),
)
async def test_what_a_push_service_answers_decides(
    alerts: AlertsApi, service: Receiver, reply: Reply, state: str, kept: int
) -> None:
    await switch_on(await alerts.signed_in(), service)
    service.answer = lambda _: reply
    await alerts.open_case()
    await drain(a_sender(alerts))
    assert await states(alerts) == [state]
    assert len(await browsers(alerts)) == kept
    assert len(service.received) == 1


async def test_retry_after_is_obeyed_and_then_it_is_sent_once(
    alerts: AlertsApi, service: Receiver, clock: MovedClock
) -> None:
    await switch_on(await alerts.signed_in(), service)
    replies = iter([Reply(429, {"retry-after": "7200"}), Reply(201)])
    service.answer = lambda _: next(replies)
    await alerts.open_case()
    for ahead, came in ((0, 1), (119, 1), (121, 2), (500, 2)):
        clock.ahead = timedelta(minutes=ahead)
        await drain(a_sender(alerts))
        assert len(service.received) == came
    assert await states(alerts) == ["sent"]


async def test_a_service_that_breaks_off_leaves_unknown_rests_and_stops_nobody_elses(
    alerts: AlertsApi, service: Receiver, clock: MovedClock
) -> None:
    await switch_on(await alerts.signed_in(), service, "/broken")
    await switch_on(await alerts.signed_in(), service, "/sound")

    def answer(received: Received) -> Reply:
        if received.path == "/broken":
            raise ConnectionError
        return Reply(201)

    service.answer = answer
    for _ in range(4):
        await alerts.open_case()
    sender = a_sender(alerts)
    for minutes, broken in ((0, 1), (0.5, 1), (1.1, 2), (5, 2), (6.2, 3)):
        clock.ahead = timedelta(minutes=minutes)
        await drain(sender)
        assert sorted(await states(alerts)) == (
            ["sent"] * 4 + ["unknown"] * broken + ["waiting"] * (4 - broken)
        )
    assert (len(service.of("/sound")), len(service.of("/broken"))) == (4, 3)


async def test_many_browsers_that_never_answer_delay_no_others_and_are_removed_in_the_end(
    alerts: AlertsApi, service: Receiver, clock: MovedClock
) -> None:
    """One person of another company registers as many as the form allows; and two colleagues do the same."""
    slow = asyncio.Event()
    async with a_tarpit(slow) as port:
        tarpit = Receiver(scheme="https")
        tarpit.port = port
        for person in range(3):
            hostile = await alerts.signed_in(tenant="other")
            for number in range(10):
                await switch_on(hostile, tarpit, f"/{person}/{number}")
        await switch_on(await alerts.signed_in(), service)
        await deliver(alerts.database, act_on_answers, an_answer(), tenant="other")
        listener = ChangeListener(alerts.database, DELIVERIES_CHANNEL)
        async with running(lanes := a_sender(alerts, listener=listener), listener):
            await eventually(partial(has_served, lanes, MOST_OF_COMPANY))
            await alerts.open_case()
            await eventually(partial(has, service.received, 1))
            assert len(lanes._served) <= MOST_OF_COMPANY + 1
            slow.set()  # it ends the connections
    for days in range(6):  # some had no turn on the first day
        assert len(await browsers(alerts)) == 31 or days > 4
        clock.ahead += timedelta(days=1)
        await deliver(alerts.database, act_on_answers, an_answer(), tenant="other")
        await drain(a_sender(alerts))
    assert [one.tenant for one in await browsers(alerts)] == [TENANT]


@asynccontextmanager
async def a_tarpit(ended: asyncio.Event) -> AsyncIterator[int]:
    """A server that accepts connections and says nothing; its port."""

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await ended.wait()
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        ended.set()


def has_served(lanes: PushLanes, number: int) -> bool:
    return len(lanes._served) >= number


async def test_an_address_whose_port_is_no_push_services_is_not_connected_to(
    alerts: AlertsApi, service: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was registered before ports were checked."""
    jonas = await alerts.signed_in()
    await switch_on(jonas, service)
    await alerts.open_case()
    monkeypatch.setattr(web_push, "PUSH_PORTS", frozenset({443, 8443}))
    await drain(a_sender(alerts))
    assert (await states(alerts), service.received, await browsers(alerts)) == (["dropped"], [], [])
    made = BrowserKeys().subscription(service.url())
    fields = {"endpoint": made.endpoint, "p256dh": made.p256dh, "auth": made.auth}
    assert (await jonas.do("/settings/notices", act="on", **fields)).status_code == 422


async def test_an_address_inside_our_network_is_never_connected_to(
    alerts: AlertsApi, service: Receiver
) -> None:
    await switch_on(await alerts.signed_in(), service)
    await alerts.open_case()
    await drain(a_sender(alerts, AddressGuard()))
    assert service.received == []
    assert await states(alerts) == ["failed"]


async def test_a_service_that_is_away_is_tried_again_and_delays_no_other(
    alerts: AlertsApi, service: Receiver
) -> None:
    away = Receiver(scheme="https")
    away.port = 1
    await switch_on(await alerts.signed_in(), away)
    await switch_on(await alerts.signed_in(), service)
    await alerts.open_case()
    await drain(a_sender(alerts))
    assert sorted(await states(alerts)) == ["sent", "waiting"]
    assert alerts.context.health.unready() == []


async def test_a_sender_that_vanished_leaves_an_unknown_message_that_is_never_sent_again(
    alerts: AlertsApi, service: Receiver, clock: MovedClock
) -> None:
    await switch_on(await alerts.signed_in(), service)
    await alerts.open_case()
    async with alerts.database.transaction() as uow:
        assert await deliveries.claim(uow, notifications.CLAIM, "push") is not None
    clock.ahead = LEASE_DURATION + timedelta(seconds=1)
    assert await leases.end_leases("alerts", alerts.database) == 1
    await drain(a_sender(alerts))
    assert (await states(alerts), service.received) == (["unknown"], [])


async def test_a_process_that_stops_says_nothing_of_the_browser_it_was_sending_to(
    alerts: AlertsApi, service: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "STOP_GRACE_S", 0.05)
    await switch_on(await alerts.signed_in(), service)
    service.answer = lambda _: Reply(201, after=asyncio.Event())
    await alerts.open_case()
    async with running(a_sender(alerts)):
        await eventually(partial(has, service.received, 1))
    assert await states(alerts) == ["unknown"]
    (browser,) = await browsers(alerts)
    assert (browser.failures, browser.failing_since, browser.rests_until) == (0, None, None)


async def test_who_has_lost_a_browser_to_another_process_leaves_what_is_known_of_it(
    alerts: AlertsApi, service: Receiver
) -> None:
    await switch_on(await alerts.signed_in(), service)
    answered = asyncio.Event()
    service.answer = lambda _: Reply(500, after=answered)
    await alerts.open_case()
    sender = a_sender(alerts)
    await sender.step()
    await eventually(partial(has, service.received, 1))
    async with alerts.database.transaction() as uow:
        await uow.execute(
            "UPDATE push_subscription SET lease_id = :other, failures = 4, failing_since = :now",
            {"other": uuid7(), "now": uow.now},
        )
    answered.set()
    await asyncio.wait(sender._served)
    assert await states(alerts) == ["waiting"]
    (browser,) = await browsers(alerts)
    assert browser.failures == 4


async def test_messages_that_are_set_aside_wake_no_browser(alerts: AlertsApi, service: Receiver) -> None:
    await switch_on(await alerts.signed_in(), service)
    await alerts.open_case()
    async with alerts.database.transaction() as uow:
        await uow.execute("UPDATE delivery SET set_aside = true WHERE channel = 'push'")
    sender = a_sender(alerts)
    await sender.step()
    assert sender._served == set()


async def test_one_transaction_drops_no_more_than_so_many_messages_and_the_next_one_goes_on(
    alerts: AlertsApi, service: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_lanes, "MAX_DROPPED", 2)
    jonas = await alerts.signed_in()
    await switch_on(jonas, service)
    for _ in range(5):
        await alerts.open_case()
    async with alerts.database.transaction() as uow:
        chosen = NoticeChoices(cases=TopicChoice(push="never"))
        await save_choices(uow, TENANT, jonas.person.id, chosen, mail=True)
    sender = a_sender(alerts)
    dropped = []
    for _ in range(3):
        await sender.step()
        await asyncio.wait(sender._served)
        dropped.append((await states(alerts)).count("dropped"))
    assert (dropped, service.received) == ([2, 4, 5], [])


@pytest.mark.parametrize("how", ["sign_out", "leave", "expire", "remove", "erase", "choose", "other_person"])
async def test_who_has_left_or_wants_nothing_gets_nothing(
    alerts: AlertsApi, service: Receiver, clock: MovedClock, how: str
) -> None:
    jonas = await alerts.signed_in()
    await switch_on(jonas, service)
    await alerts.open_case(customer_id="c-karen")
    (browser,) = await browsers(alerts)
    match how:
        case "sign_out":
            await jonas.do("/logout")
        case "leave":
            async with alerts.database.transaction() as uow:
                await uow.execute("UPDATE staff SET active = false WHERE id = :id", {"id": jonas.person.id})
        case "expire":
            clock.ahead = timedelta(days=15)
        case "remove":
            await jonas.do("/settings/notices", act="off", browser=str(browser.id))
        case "erase":
            await erase_customer(SERVICE, alerts.database, TENANT, "c-karen")
        case "choose":
            chosen = NoticeChoices(cases=TopicChoice(push="never"))
            async with alerts.database.transaction() as uow:
                await save_choices(uow, TENANT, jonas.person.id, chosen, mail=True)
        case "other_person":  # signs in there, and switches the same browser on
            await switch_on(await alerts.signed_in(tenant="other"), service)
    await drain(a_sender(alerts))
    assert service.received == []
    assert await states(alerts) == ["dropped"]
    await delete_expired(alerts.database)
    left = [(row.tenant, row.id) for row in await browsers(alerts)]
    gone = how in {"sign_out", "leave", "expire", "remove"}
    assert (TENANT, browser.id) not in left if gone or how == "other_person" else left


async def test_a_browser_of_another_secret_is_passed_over(alerts: AlertsApi, service: Receiver) -> None:
    await switch_on(await alerts.signed_in(), service)
    await alerts.open_case()
    await drain(a_sender(alerts, pushes=PushRenderer("another secret" * 4)))
    assert (await states(alerts), service.received) == (["dropped"], [])


async def test_a_test_reaches_the_one_browser_and_nobody_tries_anothers(
    alerts: AlertsApi, service: Receiver
) -> None:
    jonas, sara = await alerts.signed_in(), await alerts.signed_in()
    keys = await switch_on(jonas, service)
    (browser,) = await browsers(alerts)
    for act in ("test", "off"):
        assert (await sara.do("/settings/notices", act=act, browser=str(browser.id))).status_code == 404
    done = await jonas.do("/settings/notices", act="test", browser=str(browser.id))
    assert done.headers["location"] == "/settings/notices?did=test"
    await drain(a_sender(alerts))
    (came,) = service.received
    assert msgspec.json.decode(keys.decrypted(came.body))["path"] == "/settings/notices"


async def test_what_is_no_subscription_and_an_eleventh_browser_are_refused(
    alerts: AlertsApi, service: Receiver
) -> None:
    jonas = await alerts.signed_in()
    made = BrowserKeys().subscription(service.url())
    for changed in ({"endpoint": "http://127.0.0.1/"}, {"endpoint": ""}, {"p256dh": "x"}, {"auth": ""}):
        fields = {"endpoint": made.endpoint, "p256dh": made.p256dh, "auth": made.auth, **changed}
        refused = await jonas.do("/settings/notices", act="on", **fields)
        assert refused.status_code == 422
        assert "Your browser gave no address" in refused.text
    for number in range(10):
        await switch_on(jonas, service, f"/{number}")
    made = BrowserKeys().subscription(service.url("/eleventh"))
    fields = {"endpoint": made.endpoint, "p256dh": made.p256dh, "auth": made.auth}
    assert (await jonas.do("/settings/notices", act="on", **fields)).status_code == 422
    assert len(await browsers(alerts)) == 10


async def test_a_message_leaves_when_the_case_is_complete_and_waits_for_no_poll(
    alerts: AlertsApi, service: Receiver
) -> None:
    await switch_on(await alerts.signed_in(), service)
    listener = ChangeListener(alerts.database, DELIVERIES_CHANNEL)
    async with running(a_sender(alerts, listener=listener, poll_interval_s=600.0), listener):
        for number in range(1, 7):
            await alerts.open_case()
            await eventually(partial(has, service.received, number))
            await eventually(partial(no_lane_is_served, alerts.database, "push_subscription"))


async def test_programs_see_browsers_without_their_addresses_and_switch_one_off(
    alerts: AlertsApi, service: Receiver
) -> None:
    jonas, key = await alerts.signed_in(), alerts.key("admin")
    await switch_on(jonas, service, "/very-secret")
    path = f"/v1/notices/{jonas.person.id}"
    async with alerts.client() as client:
        found = await client.get(path, headers=key)
        (device,) = found.json()["devices"]
        assert set(device) == {"id", "device", "since", "last_taken_at"}
        assert "very-secret" not in found.text
        assert (await client.delete(f"{path}/devices/{device['id']}", headers=key)).status_code == 204
        assert (await client.delete(f"{path}/devices/{device['id']}", headers=key)).status_code == 404
    assert await browsers(alerts) == []
