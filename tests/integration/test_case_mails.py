"""Through alerts and dispatcher, with real SMTP both ways: a colleague writes to a customer, who answers."""

from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import Message
from typing import Any

import aiosmtplib
import pytest
from support.bounces import BOUNCE_HOST
from support.case_mails import REPLY_HOST, a_reply_sender, an_answer_mail
from support.companies import Company, World
from support.dispatcher_builders import Clock
from support.http_clients import SECRET
from support.smtp import ScriptedServer, scripted_server

from services.dispatcher.bounces.smtp_server import BounceHandler, listen
from shared.ids import uuid7
from shared.mail import Mailer

WORDS = {"subject": "Your order", "text": "Dear customer,\nwe send a new one."}


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as server:
        yield server


@pytest.fixture
async def port(world: World) -> AsyncIterator[int]:
    database = world.contexts["dispatcher"].database
    handler = BounceHandler(database, SECRET, BOUNCE_HOST, REPLY_HOST)
    async with await listen(handler, "127.0.0.1", 0, BOUNCE_HOST) as listening:
        yield listening.sockets[0].getsockname()[1]


async def write(world: World, company: Company) -> None:
    """Write to the customer of the company's case; the dispatcher is told."""
    await world.post(
        "alerts", company, f"/v1/cases/{company.case}/actions", {"act": "reply", "id": str(uuid7()), **WORDS}
    )
    await world.deliver_all()


async def send_all(world: World, server: ScriptedServer) -> None:
    """Send what is due; the case is told."""
    database = world.contexts["dispatcher"].database
    mailer = Mailer(server.url)
    await a_reply_sender(database, mailer, Clock(database.clock())).step()
    await mailer.close()
    await world.deliver_all()


async def timeline(world: World, company: Company, *kinds: str) -> list[dict[str, Any]]:
    found = await world.clients["alerts"].get(f"/v1/cases/{company.case}", headers=company.headers)
    return [one for one in found.json()["timeline"] if one["kind"] in kinds]


def read(mail: bytes) -> Message:
    return message_from_bytes(mail.removesuffix(b".\r\n"))


async def test_a_mail_goes_out_and_its_answer_comes_back_to_the_case(
    world: World, birch: Company, quartz: Company, server: ScriptedServer, port: int
) -> None:
    await write(world, birch)
    await send_all(world, server)
    (raw,) = server.mails
    mail = read(raw)
    assert mail["Subject"] == "Your order"
    (mailed,) = await timeline(world, birch, "mailed")
    assert (mailed["facts"]["state"], mailed["facts"]["text"]) == ("sent", WORDS["text"])
    answer = an_answer_mail(mail["Reply-To"], "Thank you, it came.", From=server.accepted[0])
    forged = str(mail["Reply-To"]).replace("reply+", "reply+x")
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await client.sendmail("k@example.com", [forged], answer)
        for _ in range(2):
            await client.sendmail("k@example.com", [mail["Reply-To"]], answer)
    await world.deliver_all()
    (wrote,) = await timeline(world, birch, "wrote")
    assert wrote["facts"]["text"] == "Thank you, it came."
    assert "other_sender" not in wrote["facts"]
    assert await timeline(world, quartz, "mailed", "wrote") == []


async def test_a_mail_server_that_breaks_leaves_a_mail_unknown_and_it_is_never_sent_again(
    world: World, quartz: Company, server: ScriptedServer
) -> None:
    server.answers["END"] = ""  # it hangs up when it has the mail
    await write(world, quartz)
    await send_all(world, server)
    del server.answers["END"]
    await send_all(world, server)
    (mailed,) = await timeline(world, quartz, "mailed")
    assert (mailed["facts"]["state"], server.accepted) == ("unknown", [])
