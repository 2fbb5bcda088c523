"""Whom mails come from, and who can verify it: the whole way to a mail server, with a DNS server of the test."""

from collections.abc import AsyncIterator
from email.parser import BytesHeaderParser
from email.policy import default
from uuid import UUID

import pytest
from pydantic import SecretStr
from support.dispatcher_builders import TENANT, Clock, a_sender, invite_customer, relay_all, rows
from support.dns import DnsServer, a_dns_server
from support.http_clients import SECRET, context_on
from support.signatures import as_received, is_verified, signatures
from support.smtp import ScriptedServer, scripted_server

from services.dispatcher.app import SERVICE
from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.senders import repository
from services.dispatcher.senders.checker import SenderChecker
from services.dispatcher.senders.domain import CompanySender, SenderRefused, states_of
from services.dispatcher.senders.schedule import check_next
from services.dispatcher.senders.sender_commands import add_key, add_sender, remove_sender
from services.dispatcher.senders.sender_keys import keys_of, make_key
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.ids import uuid7
from shared.mail import Mailer
from shared.outbound import Sender
from shared.privacy.audit import COMMAND_LINE
from shared.service import Context
from shared.values.dkim_keys import new_key

RSA, ED25519 = new_key("i1"), new_key("i2", "ed25519-sha256")
KEYS = {"dkim_keys": SecretStr(RSA.written() + ED25519.written())}
OWN_KEYS = [make_key() for _ in range(3)]


@pytest.fixture
async def dns_server() -> AsyncIterator[DnsServer]:
    async with a_dns_server() as server:
        for key in (RSA, ED25519):
            server.add(key.record_name("shop.example"), "TXT", key.record)
        server.add("shop.example", "TXT", "v=spf1 ip4:192.0.2.25 -all")
        yield server


@pytest.fixture
async def smtp() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as server:
        yield server


@pytest.fixture
async def signing(
    database: Database, smtp: ScriptedServer, survey: StoredSurvey, clock: Clock
) -> AsyncIterator[Sender]:
    mailer = Mailer(smtp.url, seconds=5)
    yield a_sender(database, mailer, clock, **KEYS)
    await mailer.close()


@pytest.fixture
def context(database: Database, dns_server: DnsServer) -> Context:
    return context_on(
        SERVICE,
        database,
        own={"company_senders": True},
        dns=dns_server.address,
        mail_from="ask@shop.example",
        spf="ip4:192.0.2.25",
        dkim_keys=KEYS["dkim_keys"],
    )


@pytest.fixture
def checker(context: Context, clock: Clock) -> SenderChecker:
    return SenderChecker(context.afterword, SurveyMailRenderer(context.afterword, clock), clock)


async def declare(database: Database, address: str, key: int = 0, tenant: str = TENANT) -> CompanySender:
    async with database.transaction() as uow:
        return await add_sender(uow, SECRET, tenant, COMMAND_LINE, uuid7(), address, OWN_KEYS[key])


def publish(server: DnsServer, sender: CompanySender) -> None:
    """All that a sender needs."""
    server.add(f"_dmarc.{sender.domain}", "TXT", "v=DMARC1; p=reject")
    for key in keys_of(SECRET, sender):
        server.add(key.record_name(sender.domain), "TXT", key.record)


async def state_of(database: Database, sender: CompanySender) -> str:
    async with database.reading() as uow:
        return states_of(await repository.list_of(uow, TENANT))[sender.id]


class Mails:
    """Mails to one new customer after the other, as the mail server gets them."""

    def __init__(self, database: Database, sender: Sender, smtp: ScriptedServer) -> None:
        self._database, self._sender, self._smtp = database, sender, smtp
        self._n = 0

    async def next(self) -> bytes:
        self._n += 1
        await invite_customer(self._database, f"signed-{uuid7()}")
        await self._sender.step()
        assert len(self._smtp.mails) == self._n
        return as_received(self._smtp.mails[-1])

    @property
    def envelope_sender(self) -> str:
        return [each for each in self._smtp.commands if each.startswith("MAIL FROM")][-1]


@pytest.fixture
def mails(database: Database, signing: Sender, smtp: ScriptedServer) -> Mails:
    return Mails(database, signing, smtp)


async def test_b22_a_mail_that_arrives_is_verified_by_the_records_of_the_installation(
    mails: Mails, dns_server: DnsServer
) -> None:
    mail = await mails.next()
    rsa, ed25519 = signatures(mail)
    assert (rsa["a"], rsa["d"], rsa["s"]) == ("rsa-sha256", "shop.example", "i1")
    assert (ed25519["a"], ed25519["d"], ed25519["s"]) == ("ed25519-sha256", "shop.example", "i2")
    assert {"list-unsubscribe", "list-unsubscribe-post", "list-id", "message-id"} <= set(rsa["h"].split(":"))
    assert is_verified(mail, dns_server)
    assert not is_verified(mail.replace(b"One-Click", b"One-Clack"), dns_server)


async def test_a_mail_comes_from_the_company_only_once_all_records_are_seen(
    mails: Mails,
    database: Database,
    dns_server: DnsServer,
    context: Context,
    checker: SenderChecker,
    clock: Clock,
) -> None:
    sender = await declare(database, "Survey@Acme.example")
    assert await check_next(context, checker)
    assert not await check_next(context, checker)  # it has had its turn
    assert await state_of(database, sender) == "waiting"
    first = await mails.next()
    assert BytesHeaderParser(policy=default).parsebytes(first)["From"] == "Havnbo <ask@shop.example>"
    dns_server.add(OWN_KEYS[0].record_name("acme.example"), "TXT", OWN_KEYS[0].record)
    clock.on(minutes=5)
    assert await check_next(context, checker)
    assert await state_of(database, sender) == "waiting"  # no policy (DMARC) yet
    publish(dns_server, sender)
    clock.on(minutes=5)
    assert await check_next(context, checker)
    assert await state_of(database, sender) == "used"
    second = await mails.next()
    head = BytesHeaderParser(policy=default).parsebytes(second)
    assert head["From"] == "Havnbo <Survey@acme.example>"
    (signature,) = signatures(second)
    assert (signature["d"], signature["s"]) == ("acme.example", OWN_KEYS[0].selector)
    assert is_verified(second, dns_server)
    assert mails.envelope_sender.startswith("MAIL FROM:<ask@shop.example>")  # bounces come back to us
    assert head["Message-ID"].endswith("@shop.example>")
    assert head["List-Id"] == f"<survey.{TENANT}.shop.example>"


async def test_nothing_comes_from_the_company_once_its_record_is_gone_and_no_answer_proves_nothing(
    mails: Mails,
    database: Database,
    dns_server: DnsServer,
    context: Context,
    checker: SenderChecker,
    clock: Clock,
) -> None:
    sender = await declare(database, "survey@acme.example")
    publish(dns_server, sender)
    assert await check_next(context, checker)
    name = OWN_KEYS[0].record_name("acme.example")
    dns_server.broken.add(name)
    clock.on(hours=1)
    assert await check_next(context, checker)
    assert await state_of(database, sender) == "used"
    dns_server.broken.clear()
    del dns_server.records[f"{name} TXT"]
    clock.on(hours=1)
    assert await check_next(context, checker)
    assert await state_of(database, sender) == "lost"
    mail = await mails.next()
    assert {each["d"] for each in signatures(mail)} == {"shop.example"}
    publish(dns_server, sender)
    clock.on(hours=1)
    assert await check_next(context, checker)
    assert {each["d"] for each in signatures(await mails.next())} == {"acme.example"}


async def test_a_new_key_signs_once_its_record_is_seen_and_the_old_one_until_then(
    mails: Mails,
    database: Database,
    dns_server: DnsServer,
    context: Context,
    checker: SenderChecker,
    clock: Clock,
) -> None:
    sender = await declare(database, "survey@acme.example")
    publish(dns_server, sender)
    await check_next(context, checker)

    async def another_key(key: int) -> CompanySender | None:
        async with database.transaction() as uow:
            return await add_key(uow, SECRET, TENANT, COMMAND_LINE, sender.id, OWN_KEYS[key])

    clock.on(minutes=1)
    renewed = await another_key(1)
    assert renewed is not None
    with pytest.raises(SenderRefused):
        await another_key(2)
    clock.on(hours=1)
    await check_next(context, checker)
    assert [each["s"] for each in signatures(await mails.next())] == [OWN_KEYS[0].selector]
    publish(dns_server, renewed)
    clock.on(hours=1)
    await check_next(context, checker)
    mail = await mails.next()
    assert [each["s"] for each in signatures(mail)] == [OWN_KEYS[1].selector]
    assert is_verified(mail, dns_server)
    third = await another_key(2)
    assert third is not None
    assert {key.selector for key in third.keys} == {OWN_KEYS[1].selector, OWN_KEYS[2].selector}


async def test_of_several_senders_the_newest_is_used_and_one_that_is_removed_no_more(
    mails: Mails,
    database: Database,
    dns_server: DnsServer,
    context: Context,
    checker: SenderChecker,
    clock: Clock,
) -> None:
    senders = []
    for n, domain in enumerate(("one.example", "two.example")):
        senders.append(await declare(database, f"survey@{domain}", n))
        publish(dns_server, senders[-1])
        clock.on(minutes=1)
    await declare(database, "survey@three.example", 2)
    with pytest.raises(SenderRefused, match="at most 3"):
        await declare(database, "survey@four.example", 2)
    with pytest.raises(SenderRefused, match="already"):
        await declare(database, "survey@one.example", 2)
    while await check_next(context, checker):
        pass
    assert [await state_of(database, each) for each in senders] == ["spare", "used"]
    assert [each["d"] for each in signatures(await mails.next())] == ["two.example"]
    async with database.transaction() as uow:
        assert await remove_sender(uow, TENANT, COMMAND_LINE, senders[1].id)
    assert [each["d"] for each in signatures(await mails.next())] == ["one.example"]
    assert (
        await rows(database, "SELECT 1 FROM company_sender_key WHERE sender_id = :id", id=senders[1].id) == []
    )


async def test_a_stored_key_is_of_use_to_nobody_without_the_secret_nor_to_another_sender(
    mails: Mails,
    database: Database,
    dns_server: DnsServer,
    context: Context,
    checker: SenderChecker,
    clock: Clock,
) -> None:
    sender = await declare(database, "survey@acme.example")
    publish(dns_server, sender)
    await check_next(context, checker)
    ((sealed,),) = await rows(database, "SELECT sealed FROM company_sender_key")
    lines = OWN_KEYS[0].pem().splitlines()
    assert all(line.encode() not in sealed for line in lines)
    assert keys_of(SECRET, sender)[0].record == OWN_KEYS[0].record
    assert keys_of("another secret " * 3, sender) == []
    copied = CompanySender(
        **{name: getattr(sender, name) for name in sender.__struct_fields__} | {"id": UUID(int=7)}
    )
    assert keys_of(SECRET, copied) == []
    async with database.transaction() as uow:
        await uow.execute("UPDATE company_sender_key SET sealed = :sealed", {"sealed": sealed[:-1] + b"x"})
    assert {each["d"] for each in signatures(await mails.next())} == {"shop.example"}


async def test_b22_a_retry_has_the_same_message_id_whoever_the_mail_comes_from_by_then(
    mails: Mails,
    smtp: ScriptedServer,
    signing: Sender,
    database: Database,
    dns_server: DnsServer,
    context: Context,
    checker: SenderChecker,
    clock: Clock,
) -> None:
    address = await invite_customer(database, "signed-twice")
    smtp.for_recipients[address] = {"END": "451 4.2.0 try later"}
    seen: list[bytes] = []
    taken = Mailer.send

    async def send(self: Mailer, sender: str, recipient: str, message: bytes) -> object:
        seen.append(message)
        return await taken(self, sender, recipient, message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mailer, "send", send)
        await signing.step()
        sender = await declare(database, "survey@acme.example")
        publish(dns_server, sender)
        await check_next(context, checker)
        smtp.for_recipients.clear()
        clock.on(hours=1)
        await relay_all(database)
        await signing.step()
    heads = [BytesHeaderParser(policy=default).parsebytes(each) for each in seen]
    assert [head["From"] for head in heads] == ["Havnbo <ask@shop.example>", "Havnbo <survey@acme.example>"]
    assert heads[0]["Message-ID"] == heads[1]["Message-ID"]
