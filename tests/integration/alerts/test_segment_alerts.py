"""Alerts on segments: opened and closed by falls in any order, acted on by those who may see the segment."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.alerts_api import STAFF_URL, AlertsApi
from support.alerts_builders import TENANT, a_tenant, deliver, rows
from support.examples import examples
from support.falls import a_segment_fall
from support.stack import Mailbox

from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices.queue import NoticeQueue
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.retention.repository import RETENTION
from services.alerts.segment_alerts.domain import alert_id
from services.alerts.segment_alerts.handlers import act_on_falls, keep_falls
from services.alerts.segment_alerts.pages import LISTED_ALERTS
from shared.db.database import Database
from shared.events import FALLS, RetentionRules, SegmentFall
from shared.mail import Mailer
from shared.mail.installation import InstallationSender
from shared.outbound import MailChannel, Sender
from shared.privacy.retention import Cutoffs
from shared.tenancy.tenants import keep_tenants

NOW = datetime.now(UTC)
FALL = a_segment_fall(NOW)
SECOND = replace(
    FALL, version=3, first=FALL.first + timedelta(days=40), found=FALL.found + timedelta(days=40)
)
HISTORIES: dict[str, tuple[SegmentFall, ...]] = {
    "back": (FALL, replace(FALL, version=2, nps=20.0), replace(FALL, version=4, state="back", nps=40.0)),
    "again": (FALL, replace(FALL, version=2, state="settled"), SECOND),
    "lasts": (FALL, replace(FALL, version=2, nps=9.0)),
}
"""What the scorer has published of one segment, in its order."""
numbers = count(1)


def by_version(fall: SegmentFall) -> int:
    return fall.version


async def alerts_of(database: Database, tenant: str = TENANT) -> list[Any]:
    return await rows(
        database, "SELECT * FROM segment_alert WHERE tenant = :tenant ORDER BY opened_at, id", tenant=tenant
    )


async def told(database: Database, tenant: str = TENANT) -> list[Any]:
    return await rows(
        database,
        "SELECT staff_id, about FROM notification WHERE tenant = :tenant AND kind = 'segment_fall'",
        tenant=tenant,
    )


async def test_a_fall_opens_one_alert_and_tells_the_leaders_who_may_see_the_segment_once(
    alerts: AlertsApi, mailbox: Mailbox
) -> None:
    database = alerts.database
    leader = await alerts.person("leader")
    within = await alerts.person("leader", segments=["touchpoint:home delivery"])
    await alerts.person("leader", segments=["touchpoint:checkout"])
    for role in ("admin", "agent", "analyst"):
        await alerts.person(role)
    for version in (1, 1, 2):
        await deliver(database, act_on_falls, replace(FALL, version=version))
    (alert,) = await alerts_of(database)
    assert (alert.state, alert.segment, alert.n_before, alert.version) == ("open", FALL.segment, 912, 2)
    assert {row.staff_id for row in await told(database)} == {leader.id, within.id}
    renderer = NoticeRenderer(
        InstallationSender("afterword@example.com"), STAFF_URL, "s" * 40, database.clock
    )
    channel = MailChannel(Mailer(mailbox.smtp_url), "alerts")
    sender = Sender("sender", database, channel, NoticeQueue(renderer, NOTICE_KINDS), alerts.context.health)
    while not await sender.step():
        pass
    await channel.close()
    (found,) = await mailbox.mails(to=leader.address)
    mail = await mailbox.mail(found["id"])
    assert found["subject"] == "Home delivery has fallen from +41 to +15"
    assert f"/segment-alerts/{alert.id}" in mail["text"]


async def test_where_nobody_leads_the_segment_its_administrators_are_told(alerts: AlertsApi) -> None:
    admin = await alerts.person("admin")
    await alerts.person("leader", segments=["touchpoint:checkout"])
    await deliver(alerts.database, act_on_falls, FALL)
    assert [row.staff_id for row in await told(alerts.database)] == [admin.id]


async def test_what_is_read_again_after_a_restore_opens_alerts_and_tells_nobody(alerts: AlertsApi) -> None:
    await alerts.person("leader")
    await deliver(alerts.database, keep_falls, FALL)
    await deliver(alerts.database, act_on_falls, FALL)
    assert [alert.state for alert in await alerts_of(alerts.database)] == ["open"]
    assert await told(alerts.database) == []


@settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    name=st.sampled_from(sorted(HISTORIES)),
    data=st.data(),
)
async def test_in_every_order_the_newest_state_holds_and_at_most_one_alert_is_open(
    alerts: AlertsApi, name: str, data: st.DataObject
) -> None:
    history = HISTORIES[name]
    order = data.draw(st.permutations([*history, *history]))
    at_once = data.draw(st.lists(st.booleans(), min_size=len(order), max_size=len(order)))
    tenant = f"t{next(numbers)}"
    await deliver(alerts.database, keep_tenants, a_tenant(tenant))
    await alerts.person("leader", tenant=tenant)
    await _deliver_in_batches(alerts.database, order, at_once, tenant)
    found = await alerts_of(alerts.database, tenant)
    newest = max(history, key=by_version)
    waiting = [alert for alert in found if alert.state != "closed"]
    if newest.state == "fallen":
        assert [(alert.id, alert.nps) for alert in waiting] == [(alert_id(tenant, newest), newest.nps)]
    else:
        assert waiting == []
        assert {alert.ended for alert in found} <= {newest.state}
    notices = [row.about["alert"] for row in await told(alerts.database, tenant)]
    assert len(notices) == len(set(notices)) == len(found)


async def _deliver_in_batches(
    database: Database, order: Sequence[SegmentFall], at_once: Sequence[bool], tenant: str
) -> None:
    batches: list[list[SegmentFall]] = []
    for fall, joins in zip(order, at_once, strict=True):
        if joins and batches:
            batches[-1].append(fall)
        else:
            batches.append([fall])
    for batch in batches:
        async with database.transaction() as uow:
            await act_on_falls(
                uow, [FALLS.event(tenant, fall, NOW) for fall in sorted(batch, key=by_version)]
            )


class TestActs:
    async def test_a_program_lists_acknowledges_and_closes_with_a_note(self, alerts: AlertsApi) -> None:
        await deliver(alerts.database, act_on_falls, FALL, replace(FALL, segment="store:aarhus"))
        client = alerts.client()
        reads, writes = alerts.key("scores:read"), alerts.key("cases:write")
        first = (await client.get("/v1/segment-alerts?limit=1", headers=reads)).json()
        rest = (await client.get(f"/v1/segment-alerts?after={first['next']}", headers=reads)).json()
        found = [*first["alerts"], *rest["alerts"]]
        assert ({each["segment"] for each in found}, rest["next"]) == ({FALL.segment, "store:aarhus"}, None)
        at = f"/v1/segment-alerts/{alert_id(TENANT, FALL)}"
        for _ in range(2):
            taken = await client.post(f"{at}/acknowledge", headers=writes)
            assert (taken.status_code, taken.json()["state"]) == (200, "acknowledged")
        assert (await client.post(f"{at}/close", json={"note": " "}, headers=writes)).status_code == 422
        for note, status in (("The van broke.", 200), ("The van broke.", 200), ("No.", 409)):
            closed = await client.post(f"{at}/close", json={"note": note}, headers=writes)
            assert closed.status_code == status
        assert (await client.post(f"{at}/acknowledge", headers=writes)).status_code == 409
        await deliver(alerts.database, act_on_falls, replace(FALL, version=9, nps=1.0))
        listed = await client.get("/v1/segment-alerts?state=closed", headers=reads)
        (alert,) = listed.json()["alerts"]
        assert (alert["ended"], alert["note"], alert["closed_by"]) == ("person", "The van broke.", "crm")

    async def test_a_program_reads_one_alert_however_it_stands(self, alerts: AlertsApi) -> None:
        await deliver(alerts.database, act_on_falls, FALL)
        client, reads = alerts.client(), alerts.key("scores:read")
        at = f"/v1/segment-alerts/{alert_id(TENANT, FALL)}"
        found = (await client.get(at, headers=reads)).json()
        assert (found["state"], found["segment"], found["note"]) == ("open", FALL.segment, None)
        await deliver(alerts.database, act_on_falls, replace(FALL, version=2, state="back", nps=40.0))
        found = (await client.get(at, headers=reads)).json()
        assert (found["state"], found["ended"], found["closed_by"]) == ("closed", "back", None)
        assert (await client.get(at, headers=alerts.key("cases:write"))).status_code == 403
        foreign = alerts.key("scores:read", tenant="other")
        assert (await client.get(at, headers=foreign)).status_code == 404
        limited = await alerts.signed_in("leader", segments=["touchpoint:checkout"])
        json = {"accept": "application/json"}
        assert (await limited.client.get(at, headers=json)).status_code == 404
        within = await alerts.signed_in("leader", segments=["touchpoint:home delivery"])
        assert (await within.client.get(at, headers=json)).json()["id"] == found["id"]

    async def test_the_closed_ones_are_listed_on_a_page_in_parts(self, alerts: AlertsApi) -> None:
        sara = await alerts.signed_in("leader", name="Sara Lund", segments=["organisation:north"])
        empty = (await sara.get("/segment-alerts?state=closed")).text
        assert "No alert on a score has been closed yet." in empty
        assert "No score has fallen by more than chance." in (await sara.get("/segment-alerts")).text
        wanted = LISTED_ALERTS + 2
        for number in range(wanted):
            segment = f"organisation:north/{number}"
            await deliver(alerts.database, act_on_falls, replace(FALL, segment=segment))
        fallen = replace(FALL, segment="organisation:north/0")
        closed = f"/segment-alerts/{alert_id(TENANT, fallen)}"
        await sara.do(closed, act="close", note="The van <broke>.")
        for number in range(1, wanted):
            over = replace(FALL, version=2, state="back", segment=f"organisation:north/{number}")
            await deliver(alerts.database, act_on_falls, over)
        await deliver(alerts.database, act_on_falls, FALL)  # of a segment that she does not see
        first = (await sara.get("/segment-alerts?state=closed")).text
        (more,) = re.findall(r'href="(/segment-alerts\?state=closed&amp;after=[^"]+)"', first)
        rest = (await sara.get(more.replace("&amp;", "&"))).text
        shown = re.findall(r'<th scope="row" role="rowheader"><a href="([^"]+)"', first + rest)
        assert (len(shown), len(set(shown)), shown[-1]) == (wanted, wanted, closed)
        assert "Sara Lund closed it on" in rest
        assert "The van &lt;broke&gt;." in rest
        assert "The score is back." in rest
        assert "after=" not in rest
        assert closed not in (await sara.get("/segment-alerts")).text
        page = (await (await alerts.signed_in("leader")).get("/segment-alerts")).text
        assert "Home delivery has fallen from +41 to +15" in page
        assert (await (await alerts.signed_in("analyst")).get("/segment-alerts")).status_code == 404
        assert (await sara.get("/segment-alerts?after=x")).status_code == 422

    async def test_scopes_companies_and_segments_are_kept(self, alerts: AlertsApi) -> None:
        await deliver(alerts.database, act_on_falls, FALL)
        client, at = alerts.client(), f"/v1/segment-alerts/{alert_id(TENANT, FALL)}/acknowledge"
        assert (await client.post(at, headers=alerts.key("scores:read"))).status_code == 403
        foreign = alerts.key("cases:write", "scores:read", tenant="other")
        assert (await client.post(at, headers=foreign)).status_code == 404
        assert (await client.get("/v1/segment-alerts", headers=foreign)).json()["alerts"] == []
        jonas = await alerts.signed_in("leader", segments=["touchpoint:checkout"])
        page = f"/segment-alerts/{alert_id(TENANT, FALL)}"
        assert (await jonas.get(page)).status_code == 404
        assert (await jonas.do(page, act="acknowledge")).status_code == 404
        assert "Home delivery has fallen" not in (await jonas.get("/inbox")).text
        analyst = await alerts.signed_in("analyst")
        assert (await analyst.get(page)).status_code == 404

    async def test_a_colleague_finds_it_above_the_cases_and_closes_it_on_its_page(
        self, alerts: AlertsApi
    ) -> None:
        sara = await alerts.signed_in("leader", name="Sara Lund", segments=["touchpoint:home delivery"])
        await deliver(alerts.database, act_on_falls, FALL)
        page = f"/segment-alerts/{alert_id(TENANT, FALL)}"
        inbox = (await sara.get("/inbox")).text
        assert f'<a href="{page}">Home delivery has fallen from +41 to +15</a>' in inbox
        assert page not in (await sara.get("/inbox?state=late")).text
        shown = (await sara.get(page)).text
        assert "in 141 answers" in shown
        assert "/segments?segment=touchpoint%3Ahome+delivery&amp;measurement=transactional" in shown
        done = await sara.do(page, act="acknowledge")
        assert (done.status_code, done.headers["location"]) == (303, f"{page}?did=acknowledge")
        assert "Sara Lund has been looking into it" in (await sara.get("/inbox")).text
        refused = await sara.do(page, act="close", note=" ")
        assert refused.status_code == 422
        assert "Write what was behind it" in refused.text
        assert (await sara.do(page, act="fly")).status_code == 422
        await sara.do(page, act="close", note="The van <broke>.")
        closed = (await sara.get(page)).text
        assert "The van &lt;broke&gt;." in closed
        assert "Sara Lund closed it" in closed
        late = await sara.do(page, act="close", note="Another reason.")
        assert late.status_code == 409
        assert re.search("This alert is closed already", late.text)
        assert page not in (await sara.get("/inbox")).text


@pytest.mark.parametrize(("days", "left"), [(1_094, 1), (1_096, 0)])
async def test_a_closed_alert_is_kept_as_long_as_a_closed_case(
    alerts: AlertsApi, days: int, left: int
) -> None:
    database = alerts.database
    await deliver(database, act_on_falls, FALL, replace(FALL, segment="store:open"))
    await deliver(database, act_on_falls, replace(FALL, version=2, state="back"))
    cutoffs = Cutoffs(TENANT, NOW + timedelta(days=days), RetentionRules())
    (rule,) = [each for each in RETENTION if each.table.name == "segment_alert"]
    async with database.transaction() as uow:
        await rule.apply(uow, cutoffs, 100)
    states = [alert.state for alert in await alerts_of(database)]
    assert sorted(states) == sorted(["open", *["closed"] * left])
