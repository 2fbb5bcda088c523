"""The mail of a saved view through scorer, alerts and a mail server: from its tick to the link that stops it."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from support.alerts_api import STAFF_URL
from support.companies import BetweenServices, Company, World, a_world
from support.http_clients import SECRET
from support.png import read_png
from support.scorer_builders import an_answer, count
from support.smtp import ScriptedServer, scripted_server
from support.stack import Postgres
from support.webhooks import MovedClock

from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices.queue import NoticeQueue
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.view_mails.asking import ViewMailAsking
from services.alerts.weekly.schedule import WEEKLY_DEADLINE, send_letters, set_missing
from services.trigger import tenants
from shared.db.database import Database
from shared.db.deadlines import fire_due
from shared.http.csrf import CSRF_HEADER, CsrfGuard
from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff
from shared.ids import uuid7
from shared.mail import Mailer
from shared.mail.installation import InstallationSender
from shared.outbound import MailChannel, Sender
from shared.pages.pictures import TREND_WIDTH
from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import ServiceTokens

THURSDAY = datetime(2026, 9, 3, 10, tzinfo=UTC)
MONDAY = datetime(2026, 9, 7, 6, 0, 1, tzinfo=UTC)
"""A moment after eight in Copenhagen."""
ADDRESS = "/segments?segment=touchpoint:checkout&window=30d"


@dataclass
class Office:
    """A company whose leader works at its pages, on a clock that a test moves."""

    world: World
    clock: MovedClock
    server: ScriptedServer
    company: Company
    leader: Staff
    address: str
    tokens: ServiceTokens = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = ServiceTokens(SECRET, clock=self.clock)

    @property
    def alerts(self) -> Database:
        """Its database."""
        return self.world.contexts["alerts"].database

    async def at(self, moment: datetime) -> None:
        """Let the time be this one, and do all that is due by then."""
        self.clock.ahead = moment - datetime.now(UTC)
        await self.world.deliver_all()
        await set_missing(self.alerts)
        await fire_due("alerts", {WEEKLY_DEADLINE: send_letters}, self.alerts)
        services = ServiceClient("http://internal.example", self.tokens, BetweenServices(self.world))
        asking = ViewMailAsking(self.alerts, services)
        while await asking.step() is not None:
            pass
        await self._send()

    async def _send(self) -> None:
        renderer = NoticeRenderer(InstallationSender("afterword@example.com"), STAFF_URL, SECRET, self.clock)
        channel = MailChannel(Mailer(self.server.url), "alerts")
        queue = NoticeQueue(renderer, NOTICE_KINDS)
        sender = Sender("sender", self.alerts, channel, queue, self.world.contexts["alerts"].health)
        while not await sender.step():
            pass
        await channel.close()

    def mails(self) -> list[EmailMessage]:
        """Of views, to the leader, oldest first; the letter of Monday is none."""
        taken = zip(self.server.accepted, self.server.mails, strict=True)
        found = [
            message_from_bytes(mail.removesuffix(b".\r\n"), policy=policy.default)
            for to, mail in taken
            if to == self.address
        ]
        return [mail for mail in found if mail["List-Unsubscribe"]]

    async def ask(self, method: str, path: str, *, page: bool = False, **how: Any) -> httpx.Response:
        """The leader's browser asks the scorer."""
        staff = Staff(
            self.leader.tenant,
            self.leader.id,
            self.leader.name,
            self.leader.role,
            (),
            self.leader.session_id,
            self.clock() + timedelta(hours=1),
        )
        headers = {
            "cookie": f"{ACCESS_COOKIE}={AccessPass(SECRET, clock=self.clock).sign(staff)}",
            CSRF_HEADER: CsrfGuard(SECRET).token(staff.session_id),
            "accept": "text/html" if page else "application/json",
        }
        return await self.world.clients["scorer"].request(method, path, headers=headers, **how)


@pytest.fixture
async def office(postgres: Postgres, kafka: str) -> AsyncIterator[Office]:
    clock = MovedClock(THURSDAY - datetime.now(UTC))
    async with a_world(postgres, kafka, clock=clock) as world, scripted_server() as server:
        company = Company("mondays")
        trigger = world.contexts["trigger"].database
        await tenants.create_tenant(trigger, company.name, name="Mondays", time_zone="Europe/Copenhagen")
        await world.deliver_all()
        person = await world.add_person(company, "leader")
        office = Office(world, clock, server, company, person.staff, "leader@mondays.example")
        await office.at(THURSDAY)
        yield office
        for context in world.contexts.values():
            context.stopping.set()


async def answers_come(office: Office) -> None:
    """Three a day at the checkout for fifty days, up to Sunday."""
    given = [
        an_answer(
            f"monday-{days}-{number}",
            day=(MONDAY - timedelta(days=days)).date(),
            score=(10, 9, 3 if days % 3 else 8)[number],
        )
        for days in range(1, 51)
        for number in range(3)
    ]
    await count(office.world.contexts["scorer"].database, *given, tenant=office.company.name)


def shown_score(nps: float) -> str:
    """A score as texts have it."""
    whole = round(nps)
    return f"+{whole}" if whole > 0 else str(whole).replace("-", "−")


async def test_a_view_that_was_ticked_comes_on_monday_with_its_figures_until_its_link_stops_it(
    office: Office,
) -> None:
    view = str(uuid7())
    form = {"new_id": view, "name": "Checkout", "address": ADDRESS}
    made = await office.ask("POST", "/views", page=True, data=form)
    assert made.status_code == 303, made.text
    ticked = await office.ask("POST", f"/views/{view}/mail", page=True, data={"act": "start"})
    assert ticked.status_code == 303, ticked.text
    await answers_come(office)
    before = (await office.ask("GET", f"/v1/views/{view}/mail")).json()
    assert (before["wanted"], before["known"], before["own"], before["left"]) == (True, True, None, None)
    assert before["next_at"] == "2026-09-07T06:00:00Z"
    assert office.mails() == []

    await office.at(MONDAY)
    (mail,) = office.mails()
    query = {"segment": "touchpoint:checkout", "window": "30d"}
    scores = (await office.ask("GET", "/v1/scores", params=query)).json()
    assert scores["n"] == 87
    assert mail["Subject"] == f"Checkout: NPS {shown_score(scores['nps'])}"
    plain = mail.get_body(("plain",))
    html = mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    for part in (plain.get_content(), re.sub(r"<[^>]+>", " ", html.get_content())):
        assert f"NPS {shown_score(scores['nps'])} (" in part
        assert "87 answers" in part
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert read_png(picture.get_content()).width == TREND_WIDTH
    assert f"cid:{str(picture['Content-ID']).strip('<>')}" in html.get_content()
    told = (await office.ask("GET", f"/v1/views/{view}/mail")).json()
    assert (told["own"]["monday"], told["own"]["outcome"], told["left"]["people"]) == (
        "2026-09-07",
        "sent",
        1,
    )
    assert told["next_at"] == "2026-09-14T06:00:00Z"
    page = (await office.ask("GET", f"/views/{view}", page=True)).text
    assert "to you alone." in page

    await office.at(MONDAY + timedelta(hours=2))
    assert len(office.mails()) == 1, "it came twice"

    link = re.fullmatch(r"<(.+)>", str(mail["List-Unsubscribe"]))
    assert link is not None
    path = urlsplit(link[1]).path
    scorer = office.world.clients["scorer"]
    opened = await scorer.get(path, headers={"accept": "text/html"})
    assert opened.status_code == 200
    assert (await office.ask("GET", f"/v1/views/{view}/mail")).json()["wanted"], "opening it stopped it"
    stopped = await scorer.post(path, data={"List-Unsubscribe": "One-Click"})
    assert stopped.status_code == 200
    await office.at(MONDAY + timedelta(days=7))
    assert len(office.mails()) == 1
    after = (await office.ask("GET", f"/v1/views/{view}/mail")).json()
    assert (after["wanted"], after["week"]["monday"], after["left"]["monday"]) == (
        False,
        "2026-09-14",
        "2026-09-07",
    )


async def test_a_second_monday_brings_a_second_mail_under_another_id_and_a_reader_who_was_narrowed_gets_none(
    office: Office,
) -> None:
    view = str(uuid7())
    saved = await office.ask(
        "PUT", f"/v1/views/{view}", json={"name": "Checkout", "address": ADDRESS, "shared": False}
    )
    assert saved.status_code == 200, saved.text
    assert (await office.ask("PUT", f"/v1/views/{view}/mail")).json() == {"wanted": True}
    await answers_come(office)
    await office.at(MONDAY)
    await office.at(MONDAY + timedelta(days=7))
    first, second = office.mails()
    assert first["Message-ID"] != second["Message-ID"]
    async with office.alerts.transaction() as uow:
        await uow.execute(
            "UPDATE staff SET segments = '{touchpoint:desk}' WHERE tenant = :tenant AND id = :id",
            {"tenant": office.company.name, "id": office.leader.id},
        )
    await office.at(MONDAY + timedelta(days=14))
    assert len(office.mails()) == 2
    told = (await office.ask("GET", f"/v1/views/{view}/mail")).json()
    assert (told["own"]["monday"], told["own"]["outcome"]) == ("2026-09-21", "not_shown")
