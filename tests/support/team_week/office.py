"""A company whose team works in real browsers: all services behind one address, on a clock that a test moves."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from typing import Any

import aiosmtplib
from playwright.async_api import Browser, Page
from support.alerts_api import AlertsApi, Person
from support.alerts_builders import fire_deadlines
from support.audit import an_actor
from support.bounces import BOUNCE_HOST
from support.case_mails import REPLY_HOST, a_reply_sender, an_answer_mail
from support.companies import SCOPES, Company, World, a_world
from support.contact_rules import write_at_any_time
from support.dispatcher_builders import Clock, a_sender
from support.http_clients import SECRET
from support.inbox_pages import a_page
from support.introductions import decide
from support.servers import serving
from support.smtp import ScriptedServer, scripted_server
from support.stack import Postgres
from support.team_week.customers import Customer
from support.team_week.pages import STILL
from support.webhooks import MovedClock

from services import SERVICES
from services.collector.forms import PageNonce
from services.command import service
from services.dispatcher.bounces.smtp_server import BounceHandler, listen
from services.dispatcher.sending import sending_commands
from services.trigger import tenants
from shared.db.database import Database
from shared.events import TRANSACTIONS
from shared.http.path_router import route_by_path
from shared.ids import uuid7
from shared.link_tokens import LinkSigner
from shared.mail import Mailer

MONDAY = datetime(2026, 9, 7, 7, tzinfo=UTC)
"""Nine o'clock in Copenhagen."""
PEOPLE: Mapping[str, str] = {"Lone Bach": "leader", "Jonas Holt": "agent", "Sara Lund": "agent"}
TEAM = "Delivery"
SEGMENT = "touchpoint:delivery"
_LINK = re.compile(r"/s/([\w-]{43})")


@dataclass
class TeamWeek:
    """The company, its team and its customers."""

    world: World
    clock: MovedClock
    browser: Browser
    origin: str
    server: ScriptedServer
    """Takes all mail to customers."""
    port: int
    """Where the mail of customers comes in."""
    company: Company
    alerts: AlertsApi
    people: Mapping[str, Person]
    _orders: set[str] = field(default_factory=set)
    """Those whose events were delivered."""

    def database(self, name: str) -> Database:
        """Of a service."""
        return self.world.contexts[name].database

    async def go_to(self, moment: datetime) -> None:
        """Let the time be this one, and all that is due by then happen."""
        self.clock.ahead = moment - datetime.now(UTC)
        alerts = self.database("alerts")
        while await fire_deadlines(alerts) + await decide(alerts):
            pass
        await self.world.deliver_all()

    @asynccontextmanager
    async def page_of(self, name: str, **options: Any) -> AsyncIterator[Page]:
        """A page of a colleague, who has just signed in; it must not complain of anything."""
        signed_in = await self.alerts.browser_of(self.people[name])
        async with a_page(self.browser, **STILL, **options) as page:
            await page.context.add_cookies(
                [
                    {"name": one, "value": value, "url": self.origin}
                    for one, value in signed_in.client.cookies.items()
                ]
            )
            yield page

    async def ask(self, *customers: Customer) -> None:
        """Each of them has got a table, and gets the mail that asks."""
        orders = [self._order(customer) for customer in customers]
        await self.world.post("trigger", self.company, "/v1/events", orders)
        for event in await self.world.transactions():
            if event.tenant == self.company.name and event.data.id not in self._orders:
                self._orders.add(event.data.id)
                await self.world.deliver(event, TRANSACTIONS.name)
        await self.world.deliver_all()
        mailer = Mailer(self.server.url)
        await a_sender(self.database("dispatcher"), mailer, Clock(self.clock())).step()
        await mailer.close()
        await self.world.deliver_all()

    def _order(self, customer: Customer) -> dict[str, Any]:
        order: dict[str, Any] = {
            "id": f"order of {customer.name}",
            "type": "order.delivered",
            "occurred_at": self.clock().isoformat(),
            "customer": {
                "id": f"c-{customer.name.casefold().replace(' ', '-')}",
                "email": customer.address,
                "phone": "+45 12 34 56 78",
                "name": customer.name,
            },
            "segments": {"touchpoint": "delivery"},
            "attributes": {"product": "Sofa table Ebba, oak"},
        }
        if customer.account:
            order["account"] = {"id": customer.account, "manager": "Jonas Holt"}
        return order

    def mails_to(self, customer: Customer) -> list[Message]:
        """Oldest first."""
        taken = zip(self.server.accepted, self.server.mails, strict=True)
        return [
            message_from_bytes(mail.removesuffix(b".\r\n")) for to, mail in taken if to == customer.address
        ]

    def link_of(self, customer: Customer) -> str:
        """The address that the first mail to a customer links to."""
        return f"{self.origin}/s/{self._token(customer)}"

    def _token(self, customer: Customer) -> str:
        texts = [
            part.get_payload(decode=True)
            for part in self.mails_to(customer)[0].walk()
            if part.get_content_type() == "text/plain"
        ]
        found = _LINK.search(b"".join(text for text in texts if isinstance(text, bytes)).decode())
        assert found is not None
        return found[1]

    async def answer(self, *customers: Customer) -> None:
        """Each answers by the link of the mail, without a script."""
        for customer in customers:
            token = self._token(customer)
            invitation = LinkSigner(SECRET).read("answer", token)
            assert invitation is not None
            form = {
                "score": str(customer.score),
                "comment": customer.comment,
                "may_contact": "yes",
                "nonce": PageNonce(SECRET).make(invitation, self.clock()),
                "action": "send",
            }
            done = await self.world.clients["collector"].post(f"/s/{token}", data=form)
            assert done.status_code == 303, done.text
        await self.world.deliver_all()
        await decide(self.database("alerts"))

    async def act(self, case: str, **action: Any) -> None:
        """Something that a program does to a case."""
        await self.world.post("alerts", self.company, f"/v1/cases/{case}/actions", action)
        await self.world.deliver_all()

    async def send_mails_of_cases(self) -> None:
        """Send what colleagues have written; their cases are told."""
        await self.world.deliver_all()
        mailer = Mailer(self.server.url)
        await a_reply_sender(self.database("dispatcher"), mailer, Clock(self.clock())).step()
        await mailer.close()
        await self.world.deliver_all()

    async def write_back(self, customer: Customer, text: str) -> None:
        """A customer answers the newest mail."""
        to = str(self.mails_to(customer)[-1]["Reply-To"])
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=self.port) as client:
            await client.sendmail(customer.address, [to], an_answer_mail(to, text, From=customer.address))
        await self.world.deliver_all()


@asynccontextmanager
async def a_team_week(postgres: Postgres, kafka: str, browser: Browser) -> AsyncIterator[TeamWeek]:
    """Monday morning: a team of three, and nobody has been asked yet."""
    clock = MovedClock(MONDAY - datetime.now(UTC))
    async with (
        a_world(postgres, kafka, clock=clock, reply_host=REPLY_HOST) as world,
        scripted_server() as server,
    ):
        company, stopping = await _a_company(world), asyncio.Event()
        alerts = AlertsApi(world.contexts["alerts"], world.app("alerts"))
        people = {name: await alerts.person(role, name, tenant=company.name) for name, role in PEOPLE.items()}
        await _set_up(world, company, people)
        door = BounceHandler(world.contexts["dispatcher"].database, SECRET, BOUNCE_HOST, REPLY_HOST)
        site = route_by_path(
            {name: world.app(name) for name in SERVICES}, {name: service(name).paths for name in SERVICES}
        )
        async with (
            await listen(door, "127.0.0.1", 0, BOUNCE_HOST) as listening,
            serving(site, stopping) as origin,
        ):
            port = listening.sockets[0].getsockname()[1]
            yield TeamWeek(world, clock, browser, origin, server, port, company, alerts, people)
            for context in world.contexts.values():
                context.stopping.set()  # or the server waits for the streams of pages


async def _a_company(world: World) -> Company:
    """A company that asks whoever has got a delivery."""
    company, trigger = Company("havnbo"), world.contexts["trigger"].database
    await tenants.create_tenant(trigger, company.name, name="Havnbo", time_zone="Europe/Copenhagen")
    company.key = await tenants.create_key(trigger, company.name, SCOPES, name="shop")
    await world.deliver_all()
    survey = {"name": "After delivery", "trigger": "order.delivered", "state": "live", "delay_minutes": 0}
    await world.post("dispatcher", company, "/v1/surveys", survey)
    async with world.contexts["dispatcher"].database.transaction() as uow:
        await sending_commands.set_mode(uow, company.name, an_actor("Ada Winther"), "live")
        await write_at_any_time(uow, company.name)
    await world.deliver_all()
    return company


async def _set_up(world: World, company: Company, people: Mapping[str, Person]) -> None:
    """The team, a text that it writes often, and that promoters are asked for introductions."""
    leader, *members = (str(person.id) for person in people.values())
    team = {"name": TEAM, "leader": leader, "members": members, "segments": [SEGMENT]}
    block = {
        "name": "Apology",
        "language": "en",
        "text": "Dear {name},\nwe are sorry. A new one comes on Thursday.",
    }
    bodies: Sequence[tuple[str, Mapping[str, Any]]] = (
        (f"/v1/teams/{uuid7()}", team),
        (f"/v1/text-blocks/{uuid7()}", block),
        ("/v1/introductions/settings", {"enabled": True}),
    )
    for path, body in bodies:
        done = await world.clients["alerts"].put(path, json=body, headers=company.headers)
        assert done.is_success, done.text
    await world.deliver_all()
