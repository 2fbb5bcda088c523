"""Chat channels against a provider that answers as Slack and Teams do: at most once, in order, with words that hold."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from support.alerts_builders import TENANT, a_tenant, an_answer, deliver, rows
from support.chats import SLACK_OK, TEAMS_ACCEPTED, ChatBench, a_chat_bench
from support.eventually import eventually
from support.forms import forms_of
from support.kernel_service import running
from support.lent_databases import LentDatabases
from support.webhook_receiver import Reply
from support.webhooks import no_lane_is_served

from services.alerts.chats.domain import ChatRetries
from services.alerts.chats.given_up import CHAT_GIVEN_UP_KIND, prepare_chat_given_up
from services.alerts.gauges import measure_chats
from services.alerts.notices.kinds import WaitingNotice
from services.alerts.recovery.handlers import settle
from shared.db.notifications import MESSAGES_CHANNEL, ChangeListener
from shared.ids import uuid7
from shared.outbound import lanes
from shared.telemetry import metrics
from shared.tenancy.tenants import keep_tenants
from shared.values.zones import zone_of

POLICY = ChatRetries()
LONGER = 1.2


@pytest.fixture
async def bench(databases_to_lend: LentDatabases) -> AsyncIterator[ChatBench]:
    async with databases_to_lend.lend("alerts") as database, a_chat_bench(database) as bench:
        yield bench


def slack_texts(received: Any) -> str:
    """All that a message of Slack shows."""
    return "\n".join(block["text"]["text"] for block in received.message["blocks"])


async def test_a_new_case_is_told_once_in_slack_and_teams_with_score_touchpoint_due_time_and_link_alone(
    bench: ChatBench,
) -> None:
    slack = await bench.make()
    teams = await bench.make("/workflows/abc", kind="teams", language="da")
    bench.provider.answer = lambda each: SLACK_OK if "services" in each.path else TEAMS_ACCEPTED
    answer = an_answer(may_contact=True)
    async with bench.sending(3):
        await bench.open_cases(answer, answer)
        (in_slack,) = await bench.came(1)
        (in_teams,) = await bench.came(1, "/workflows/abc")
        await bench.until(slack, "sent")
        await bench.until(teams, "sent")
    ((case, number),) = [tuple(each) for each in await rows(bench.database, "SELECT id, number FROM cases")]
    told = slack_texts(in_slack)
    assert in_slack.message["text"] == f"Case {number}: a customer gave a 2"
    assert "after home delivery" in told
    assert "First contact is due by" in told
    assert f"/cases/{case}|" in told
    (attachment,) = in_teams.message["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["content"]["actions"][0]["url"].endswith(f"/cases/{case}")
    assert "kunde" in str(attachment["content"]["body"])
    posted = str([each.body for each in bench.provider.received])
    assert not any(secret in posted for secret in (answer.comment or "", answer.customer_id or ""))
    assert len(bench.provider.received) == 2


async def test_a_message_leaves_when_it_is_queued_and_waits_for_no_poll(bench: ChatBench) -> None:
    await bench.make()
    listener = ChangeListener(bench.database, MESSAGES_CHANNEL)
    async with running(bench.lanes(poll_interval_s=600.0, listener=listener), listener):
        for number in range(1, 5):
            await bench.open_cases(bench.unhappy())
            await bench.came(number)
            await eventually(partial(no_lane_is_served, bench.database, "chat_channel"))


async def test_a_channel_reads_the_names_that_the_company_shows(bench: ChatBench) -> None:
    names = {"touchpoint:home delivery": "At your door"}
    named = replace(a_tenant(), version=9, display_names=names)
    await deliver(bench.database, keep_tenants, named)
    made = await bench.make()
    async with bench.sending():
        await bench.open_cases(an_answer())
        await bench.until(made, "sent")
    (received,) = bench.provider.received
    assert "after At your door" in slack_texts(received)


async def test_an_address_is_never_shown_again_and_not_stored_to_be_read(bench: ChatBench) -> None:
    made = await bench.make("/services/T0/B0/secretsecret9876", name="sales")
    assert made["address"] == "127.0.0.1/…9876"
    stored = str(await rows(bench.database, "SELECT * FROM chat_channel"))
    assert "secretsecret" not in stored + str(await bench.call(made)) + str(made)
    changed = await bench.call(made, "PATCH", body={"name": "care"})
    assert (changed["name"], changed["address"]) == ("care", "127.0.0.1/…9876")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"address": "https://example.com/services/T0/B0/x"}, "/address"),
    ({"address": "https://hooks.slack.com/triggers/T0/1/x"}, "/address"),
    ({"kind": "teams", "address": "https://contoso.webhook.office.com/webhookb2/x"}, "/address"),
    ({"kind": "teams", "address": "https://hooks.slack.com/services/T0/B0/x"}, "/address"),
    ({"address": "http://10.0.0.1/services/T0/B0/x"}, "/address"),
    ({"language": "tlh"}, "/language"),
    ({"team_id": "00000000-0000-0000-0000-000000000007"}, "/team_id"),
    ({"topics": []}, "/topics"),
    ({"segments": ["checkout"]}, "/segments/0"),
]


async def test_a_channel_that_cannot_be_is_refused_with_what_to_do(bench: ChatBench) -> None:
    body = {
        "name": "care",
        "kind": "slack",
        "address": bench.provider.url("/services/x"),
        "topics": ["cases"],
    }
    for changes, field in REFUSED:
        answer = await bench.client.post("/v1/chats", json={**body, **changes}, headers=bench.key)
        assert answer.status_code == 422, answer.text
        assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert (await bench.client.get("/v1/chats", headers=bench.key)).json() == {"chats": []}


async def test_a_provider_that_is_away_is_tried_again_with_longer_waits_and_messages_stay_in_order(
    bench: ChatBench,
) -> None:
    made = await bench.make()
    bench.provider.answer = lambda _: Reply(503)
    first, second = an_answer(touchpoint="one"), an_answer(touchpoint="two")
    await bench.open_cases(first, second)
    async with bench.sending():
        for tries, wait in enumerate(POLICY.waits[:4], 1):
            await bench.until_tries(made, 0, tries)
            bench.later(wait * LONGER)
        assert (await bench.call(made))["failing_since"] is not None
        bench.provider.answer = lambda _: SLACK_OK
        bench.later(POLICY.waits[4] * LONGER)
        await bench.until(made, "sent", "sent")
    told = [slack_texts(each) for each in bench.provider.received]
    assert ["one" in each for each in told][-2:] == [True, False]
    assert "two" in told[-1]
    assert (await bench.call(made))["failing_since"] is None


async def test_429_is_obeyed_and_counts_as_no_post(bench: ChatBench) -> None:
    made = await bench.make()
    bench.provider.answer = lambda _: Reply(429, {"retry-after": "900"})
    await bench.open_cases(an_answer())
    async with bench.sending():
        await bench.until_tries(made, 1)
        bench.later(timedelta(minutes=14))
        bench.provider.answer = lambda _: SLACK_OK
        await asyncio.wait_for(_polls(bench, 5), 5)
        assert (await bench.messages(made))[0]["state"] == "waiting"
        bench.later(timedelta(minutes=2))
        await bench.until(made, "sent")


async def _polls(bench: ChatBench, number: int) -> None:
    """Return when another loop has looked for lanes so often and found none."""
    looking = bench.lanes()
    for _ in range(number):
        await looking.step()
        assert not looking._served


async def test_after_an_error_of_the_providers_own_a_message_is_unknown_and_never_sent_again(
    bench: ChatBench,
) -> None:
    made = {status: await bench.make(f"/services/{status}") for status in (500, 502, 504)}
    bench.provider.answer = lambda each: Reply(int(each.path[-3:]))
    await bench.open_cases(an_answer())
    async with bench.sending():
        for one in made.values():
            await bench.until(one, "unknown")
        bench.provider.answer = lambda _: SLACK_OK
        bench.later(timedelta(hours=2))
        await bench.open_cases(an_answer())
        for status, one in made.items():
            found = await bench.until(one, "sent", "unknown")
            assert (found[1]["status"], found[1]["fault"]) == (status, "status")
    assert len(bench.provider.received) == 2 * len(made)


async def test_a_dead_address_is_tried_again_and_one_that_breaks_off_is_unknown(bench: ChatBench) -> None:
    dead = await bench.make("/dead", address="http://127.0.0.1:1/services/x")
    broken = await bench.make("/services/broken")
    bench.provider.answer = lambda _: Reply(200, {"content-length": "nonsense"})
    await bench.open_cases(an_answer())
    async with bench.sending():
        await bench.until(broken, "unknown")
        await bench.until_tries(dead, 1)
    ((of_dead,), (of_broken,)) = (await bench.messages(dead), await bench.messages(broken))
    assert (of_dead["state"], of_dead["fault"]) == ("waiting", "connection")
    assert of_broken["fault"] == "broken"


GONE = {403: b"invalid_token", 404: b"no_service", 410: b"channel_is_archived", 401: b""}


async def test_a_channel_that_is_gone_is_switched_off_and_administrators_get_a_mail(bench: ChatBench) -> None:
    made = [await bench.make(f"/services/{status}") for status in GONE]
    admin = await bench.alerts.person("admin")
    await bench.alerts.person("admin", segments=("touchpoint:checkout",))
    bench.provider.answer = lambda each: Reply(int(each.path[-3:]), body=GONE[int(each.path[-3:])])
    await bench.open_cases(an_answer(), an_answer())
    async with bench.sending():
        for one in made:
            await bench.until_tries(one, 0, 1)
            found = await bench.call(one)
            assert (found["state"], found["off_reason"]) == ("off", "gone")
    mails = await rows(bench.database, "SELECT staff_id FROM notification WHERE kind = 'chat_off'")
    assert [each.staff_id for each in mails] == [admin.id] * len(made)
    await bench.open_cases(an_answer())
    assert len(await bench.messages(made[0])) == 2
    bench.provider.answer = lambda _: SLACK_OK
    await bench.call(made[0], "PATCH", body={"state": "on"})
    async with bench.sending():
        await bench.until(made[0], "sent", "sent")


async def test_a_message_of_a_kind_of_a_newer_version_is_left_to_it(bench: ChatBench) -> None:
    made = await bench.make()
    await bench.open_cases(an_answer())
    async with bench.database.transaction() as uow:
        await uow.execute("UPDATE chat_message SET kind = 'of_a_newer_version'")
    lanes = bench.lanes()
    await lanes.step()
    await asyncio.wait(lanes._served)
    assert [each["state"] for each in await bench.messages(made)] == ["waiting"]


async def test_a_message_of_a_kind_that_no_version_knows_any_more_holds_up_others_for_a_day_alone(
    bench: ChatBench,
) -> None:
    made = await bench.make()
    await bench.open_cases(bench.unhappy())
    async with bench.database.transaction() as uow:
        await uow.execute("UPDATE chat_message SET kind = 'of_a_newer_version'")
    bench.later(timedelta(hours=25))
    await bench.open_cases(bench.unhappy())
    async with bench.sending():
        await bench.until(made, "sent", "expired")


async def test_two_failures_days_apart_switch_no_channel_off(bench: ChatBench) -> None:
    made = await bench.make()
    bench.provider.answer = lambda _: Reply(503)
    async with bench.sending():
        for _ in range(2):
            await bench.open_cases(bench.unhappy())
            await _until_last_is_tried(bench, made)
            bench.later(timedelta(days=6))
    assert (await bench.call(made))["state"] == "on"


async def test_a_process_that_stops_says_nothing_of_the_channel_it_was_posting_to(
    bench: ChatBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "STOP_GRACE_S", 0.05)
    made = await bench.make()
    bench.provider.answer = lambda _: Reply(200, after=asyncio.Event())
    await bench.open_cases(bench.unhappy())
    async with bench.sending():
        await bench.came(1)
    assert [each["state"] for each in await bench.messages(made)] == ["unknown"]
    (channel,) = await rows(bench.database, "SELECT failures, failing_since FROM chat_channel")
    assert (channel.failures, channel.failing_since) == (0, None)


async def test_a_channel_whose_team_was_deleted_keeps_it_when_its_form_is_saved(bench: ChatBench) -> None:
    admin = await bench.alerts.signed_in("admin")
    team = str(uuid7())
    assert (await admin.do("/settings/teams", new_id=team, name="Delivery")).status_code == 303
    made = await bench.make(team_id=team)
    assert (await admin.do(f"/settings/teams/{team}", act="delete")).status_code == 303
    path = f"/settings/chats/{made['id']}"
    form = next(one for one in forms_of((await admin.get(path)).text) if "name" in one.fields)
    assert form.fields["team_id"] == team
    fields = {**form.fields, "name": "Deliveries"}
    saved = await admin.client.post(form.action, data=fields)
    assert saved.status_code == 303, saved.text
    found = await bench.call(made)
    assert (found["name"], found["team_id"]) == ("Deliveries", team)


async def test_five_days_of_nothing_but_failures_switch_a_channel_off(bench: ChatBench) -> None:
    made = await bench.make()
    bench.provider.answer = lambda _: Reply(503)
    async with bench.sending():
        tried = 0
        while (await bench.call(made))["state"] == "on":
            await bench.open_cases(bench.unhappy())
            tried += 1
            await _until_last_is_tried(bench, made)
            bench.later(timedelta(hours=25))
    assert (await bench.call(made))["off_reason"] == "failing"
    assert 6 <= tried <= 8
    assert [each["state"] for each in await bench.messages(made)][1:] == ["expired"] * (tried - 1)


async def _until_last_is_tried(bench: ChatBench, made: dict[str, Any]) -> None:
    async def is_tried() -> bool:
        newest = (await bench.messages(made))[0]
        return bool(newest["attempts"] > 0 and newest["state"] != "sending")

    await eventually(is_tried)


async def test_a_message_that_the_provider_refuses_holds_up_no_other(bench: ChatBench) -> None:
    made = await bench.make()
    bench.provider.answer = lambda each: (
        Reply(400, body=b"invalid_blocks") if "one" in slack_texts(each) else SLACK_OK
    )
    await bench.open_cases(an_answer(touchpoint="one"), an_answer(touchpoint="two"))
    async with bench.sending():
        await bench.until(made, "sent", "refused")


async def test_slow_and_dead_channels_delay_no_other_and_each_has_one_message_in_flight(
    bench: ChatBench,
) -> None:
    await bench.make("/services/slow")
    good = await bench.make("/services/good")
    await bench.make("/dead", address="http://127.0.0.1:1/services/x")
    held = asyncio.Event()
    bench.provider.answer = lambda each: (
        Reply(200, after=held, body=b"ok") if each.path.endswith("slow") else SLACK_OK
    )
    await bench.open_cases(*[an_answer() for _ in range(4)])
    async with bench.sending(2):
        await bench.until(good, *["sent"] * 4)
        assert len(bench.provider.of("/services/slow")) == 1
        held.set()
        await bench.came(4, "/services/slow")
    assert bench.provider.most_in_flight == {"/services/slow": 1, "/services/good": 1}


async def test_what_a_dead_process_was_sending_is_unknown_and_the_next_message_leaves(
    bench: ChatBench,
) -> None:
    made = await bench.make()
    never = asyncio.Event()
    bench.provider.answer = lambda _: Reply(200, after=never)
    await bench.open_cases(an_answer(), an_answer())
    dying = bench.lanes()
    await dying.step()
    await bench.came(1)
    for task in dying._served:
        task.cancel()  # as SIGKILL: nothing is recorded
    await asyncio.wait(dying._served)
    bench.provider.answer = lambda _: SLACK_OK
    await _polls(bench, 1)  # the lease of the dead process still holds
    bench.later(timedelta(minutes=2))
    async with bench.sending():
        await bench.until(made, "sent", "unknown")
    assert len(bench.provider.received) == 2


async def test_a_message_whose_case_was_closed_is_dropped_and_one_that_waited_for_a_day_is_given_up(
    bench: ChatBench,
) -> None:
    made = await bench.make()
    await bench.open_cases(an_answer())
    await bench.close_cases()
    async with bench.sending():
        await bench.until(made, "dropped")
    assert await _told_of_given_up(bench) == []
    admin = await bench.alerts.person("admin")
    await bench.open_cases(an_answer(), an_answer())
    bench.later(timedelta(hours=25))
    async with bench.sending():
        await bench.until(made, "expired", "expired", "dropped")
    assert bench.provider.received == []
    assert await _told_of_given_up(bench) == [admin.id], "once, of both"
    reader = await bench.alerts.signed_in("admin")
    page = (await reader.get(f"/settings/chats/{made['id']}")).text
    assert page.count("Given up: it could not leave for a day") == 2
    await bench.open_cases(bench.unhappy())
    bench.later(timedelta(hours=25))
    async with bench.sending():
        await bench.until(made, "expired", "expired", "expired", "dropped")
    assert (await _told_of_given_up(bench)).count(admin.id) == 2, "once more on the next day"


async def _told_of_given_up(bench: ChatBench) -> list[UUID]:
    told = await rows(bench.database, "SELECT staff_id FROM notification WHERE kind = 'chat_given_up'")
    return [each.staff_id for each in told]


async def test_the_mail_about_messages_that_were_given_up_names_the_channel_and_leads_there(
    bench: ChatBench,
) -> None:
    made = await bench.make(name="Deliveries")
    notice = WaitingNotice(
        tenant=TENANT,
        id=uuid7(),
        kind=CHAT_GIVEN_UP_KIND,
        about={"chat": made["id"]},
        staff_id=uuid7(),
        role="admin",
        segments=(),
        company=None,
        zone=zone_of("Europe/Copenhagen"),
    )
    async with bench.database.transaction() as uow:
        text = await prepare_chat_given_up(uow, notice)
        assert text is not None
        assert text.subject == "Messages to the channel Deliveries were given up"
        assert text.path == f"/settings/chats/{made['id']}"
        deleted = dataclasses.replace(notice, about={"chat": str(uuid7())})
        assert await prepare_chat_given_up(uow, deleted) is None


async def test_only_what_a_channel_wants_is_told_by_topic_and_segment(bench: ChatBench) -> None:
    north = await bench.make("/services/north", segments=["organisation:north"])
    late = await bench.make("/services/late", topics=["deadlines"])
    off = await bench.make("/services/off", state="off")
    await bench.open_cases(an_answer(), an_answer(organisation=("south",)))
    assert [len(await bench.messages(each)) for each in (north, late, off)] == [1, 0, 0]


async def test_a_test_message_passes_all_that_wait_also_while_a_channel_is_off(bench: ChatBench) -> None:
    made = await bench.make()
    await bench.open_cases(an_answer())
    await bench.call(made, "PATCH", body={"state": "off"})
    tried = await bench.call(made, "POST", "/test")
    async with bench.sending():
        (test,) = await bench.came(1)
        found = await bench.until(made, "waiting", "sent")
    assert found[1]["id"] == tried["message_id"]
    assert "Nothing has happened" in slack_texts(test)


async def test_after_a_restore_what_may_have_been_posted_is_unknown(bench: ChatBench) -> None:
    made = await bench.make()
    await bench.open_cases(an_answer())
    async with bench.database.transaction() as uow:
        await settle(uow, 100)
    assert [each["state"] for each in await bench.messages(made)] == ["unknown"]


async def test_the_gauges_tell_of_channels_that_fail_and_of_messages_that_wait(bench: ChatBench) -> None:
    await bench.make()
    await bench.open_cases(an_answer())
    bench.later(timedelta(minutes=5))
    async with bench.database.reading() as uow:
        await measure_chats(uow)
    assert 299 <= metrics.CHAT_AGE._value.get() <= 320


async def test_a_request_that_is_sent_again_makes_nothing_again_and_a_deleted_channel_is_gone(
    bench: ChatBench,
) -> None:
    body = {
        "name": "care",
        "kind": "slack",
        "address": bench.provider.url("/services/x"),
        "topics": ["cases"],
    }
    headers = {**bench.key, "idempotency-key": "k1"}
    first, again = [
        (await bench.client.post("/v1/chats", json=body, headers=headers)).json() for _ in range(2)
    ]
    other = await bench.client.post("/v1/chats", json={**body, "name": "sales"}, headers=headers)
    assert (first["id"], other.status_code) == (again["id"], 409)
    await bench.open_cases(an_answer())
    await bench.call(first, "DELETE")
    assert await bench.rows() == []


async def test_another_company_and_who_does_not_administer_the_whole_company_reach_no_channel(
    bench: ChatBench,
) -> None:
    made = await bench.make()
    other = bench.alerts.key("admin", tenant="other")
    routes = [("GET", ""), ("PATCH", ""), ("POST", "/test"), ("GET", "/messages"), ("DELETE", "")]
    for method, path in routes:
        body = {"name": "theirs"} if method == "PATCH" else None
        url = f"/v1/chats/{made['id']}{path}"
        answer = await bench.client.request(method, url, json=body, headers=other)
        assert answer.status_code == 404, (method, path)
    key = bench.alerts.key("cases:write")
    assert (await bench.client.get("/v1/chats", headers=key)).status_code == 403
    for role, segments, status in (("leader", (), 404), ("admin", ("touchpoint:checkout",), 403)):
        browser = await bench.alerts.signed_in(role, segments=segments)
        for path in ("/settings/chats", f"/settings/chats/{made['id']}"):
            assert (await browser.client.get(path)).status_code == status
    admin = await bench.alerts.signed_in("admin")
    page = await admin.client.get(f"/settings/chats/{made['id']}")
    assert page.status_code == 200
    assert (await admin.client.post(f"/settings/chats/{made['id']}", data={"name": "x"})).status_code == 403
    theirs = await bench.alerts.signed_in("admin", tenant="other")
    assert (await theirs.client.get(f"/settings/chats/{made['id']}")).status_code == 404
