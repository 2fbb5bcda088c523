"""The mails of both services that send, with one interface, so that each claim is tested for both."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from support.dispatcher_builders import (
    CONTACT_POLICY,
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    relay_all,
    rows,
)
from support.http_clients import SECRET, afterword_settings
from support.lent_databases import LentDatabases
from support.smtp import ScriptedServer, scripted_server

from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices.queue import NoticeQueue
from services.alerts.notices.queueing import queue_invitation
from services.alerts.notices.rendering import NoticeRenderer
from services.dispatcher.invitations.queue import InvitationQueue
from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from shared.db.database import Database
from shared.health import Health
from shared.ids import uuid7
from shared.mail import Mailer
from shared.mail.installation import InstallationSender
from shared.outbound import MailChannel, Queue, Sender


@dataclass
class Mails:
    """A service's mails: to customers, or to colleagues."""

    database: Database
    clock: Clock
    queue: Queue

    def sender(self, server: ScriptedServer | str, **given: float) -> Sender:
        url = server if isinstance(server, str) else server.url
        return Sender(
            "sender", self.database, MailChannel(Mailer(url, **given), "tests"), self.queue, Health()
        )

    async def due(self, name: str) -> str:
        """One more mail that is due; its address."""
        raise NotImplementedError

    async def stand(self) -> dict[str, tuple[str, int]]:
        """State and tries of each mail, by its address."""
        raise NotImplementedError

    async def all_due(self, *names: str) -> list[str]:
        return [await self.due(name) for name in names]

    async def step(self, sender: Sender, **later: float) -> None:
        """One step of the sender, after some time; its events are relayed."""
        self.clock.on(**later)
        await sender.step()
        await relay_all(self.database)


class Customers(Mails):
    async def due(self, name: str) -> str:
        customer = a_customer(name)
        await decide(self.database, a_transaction(f"order-{name}", customer, occurred_at=self.clock.now))
        await relay_all(self.database)
        return customer.email or ""

    async def stand(self) -> dict[str, tuple[str, int]]:
        found = await rows(
            self.database,
            "SELECT i.customer_id, i.state, d.attempts FROM invitation i "
            "JOIN delivery d ON d.tenant = i.tenant AND d.about_id = i.id AND d.state = i.state",
        )
        return {f"{row.customer_id}@example.com": (row.state, row.attempts) for row in found}


class Colleagues(Mails):
    async def due(self, name: str) -> str:
        address, person = f"{name}@example.com", uuid7()
        async with self.database.transaction() as uow:
            await uow.execute(
                "INSERT INTO staff (tenant, id, address, name, role, created_at) "
                "VALUES (:tenant, :id, :address, 'Sara', 'agent', :now)",
                {"tenant": TENANT, "id": person, "address": address, "now": uow.now},
            )
            await queue_invitation(uow, TENANT, person)
        return address

    async def stand(self) -> dict[str, tuple[str, int]]:
        found = await rows(
            self.database,
            "SELECT s.address, d.state, d.attempts FROM notification n "
            "JOIN delivery d ON d.tenant = n.tenant AND d.about_id = n.id "
            "JOIN staff s ON s.tenant = n.tenant AND s.id = n.staff_id",
        )
        return {row.address: (row.state, row.attempts) for row in found}


@pytest.fixture(params=["dispatcher", "alerts"])
async def mails(request: pytest.FixtureRequest, databases_to_lend: LentDatabases) -> AsyncIterator[Mails]:
    service, clock = request.param, Clock(NOON)
    async with databases_to_lend.lend(service, clock) as database:
        yield await _mails_of(service, database, clock)


async def _mails_of(service: str, database: Database, clock: Clock) -> Mails:
    if service == "dispatcher":
        await keep_tenant(database)
        await make_survey(database, delay_minutes=0)
        await go_live(database)
        renderer = SurveyMailRenderer(afterword_settings("127.0.0.1:1", mail_from="ask@shop.example"), clock)
        return Customers(database, clock, InvitationQueue({"mail": renderer}, SECRET, CONTACT_POLICY))
    sender = InstallationSender("ask@shop.example")
    queue = NoticeQueue(NoticeRenderer(sender, "http://staff.example", SECRET, clock), NOTICE_KINDS)
    return Colleagues(database, clock, queue)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as server:
        yield server
