"""The mailer against a real SMTP server: each failure has its own outcome."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from deploy.local import smtp
from deploy.local.mail import MailStore
from shared.mail import Away, Blocked, Deferred, Delivered, Mailer, Outcome, Rejected, Unknown

MESSAGE = b"Subject: x\r\nTo: somebody@example.com\r\n\r\nHello\r\n.\r\n"
SENDER = "ask@shop.example"
CERTIFICATE = Path(__file__).with_name("loopback.pem")
"""Of a server on the loopback address, with its key; no system trusts it."""


@pytest.fixture
def mails(tmp_path: Path) -> MailStore:
    return MailStore(tmp_path / "mails")


@pytest.fixture
async def server(mails: MailStore) -> AsyncIterator[asyncio.Server]:
    server = await smtp.listen(mails, 0, "127.0.0.1")
    yield server
    server.close()


@pytest.fixture
async def mailer(server: asyncio.Server) -> AsyncIterator[Mailer]:
    mailer = Mailer(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}", seconds=3)
    yield mailer
    await mailer.close()


async def test_a_mail_is_delivered_and_the_connection_serves_the_next(
    mailer: Mailer, mails: MailStore
) -> None:
    for number in range(3):
        assert await mailer.send(SENDER, f"reader-{number}@example.com", MESSAGE) == Delivered()
    assert len(list(mails.newest_first())) == 3


async def test_several_callers_wait_for_one_another(mailer: Mailer, mails: MailStore) -> None:
    sent = [mailer.send(SENDER, f"reader-{number}@example.com", MESSAGE) for number in range(5)]
    assert set(await asyncio.gather(*sent)) == {Delivered()}
    assert len(list(mails.newest_first())) == 5


async def test_a_refused_address_is_rejected_and_the_next_mail_goes(mailer: Mailer) -> None:
    outcome = await mailer.send(SENDER, "refuse-550-a@example.com", MESSAGE)
    assert isinstance(outcome, Rejected)
    assert outcome.code == 550
    assert "example.com" not in outcome.reason
    assert await mailer.send(SENDER, "reader@example.com", MESSAGE) == Delivered()


async def test_a_busy_mailbox_is_deferred(mailer: Mailer, mails: MailStore) -> None:
    outcome = await mailer.send(SENDER, "defer-451-a@example.com", MESSAGE)
    assert isinstance(outcome, Deferred)
    assert "example.com" not in outcome.reason
    assert not list(mails.newest_first())


async def test_a_connection_lost_after_data_is_unknown(mailer: Mailer, mails: MailStore) -> None:
    outcome = await mailer.send(SENDER, "drop-after-data-a@example.com", MESSAGE)
    assert isinstance(outcome, Unknown)
    assert "example.com" not in outcome.reason
    assert len(list(mails.newest_first())) == 1
    assert await mailer.send(SENDER, "reader@example.com", MESSAGE) == Delivered()


async def test_a_missing_server_is_away() -> None:
    mailer = Mailer("smtp://127.0.0.1:9", seconds=1)
    outcome = await mailer.send(SENDER, "reader@example.com", MESSAGE)
    assert outcome == Away(
        "the mail server would not begin (nobody listens at that address (connection refused))"
    )


async def test_an_address_with_a_second_command_is_rejected_before_it_reaches_the_server(
    mailer: Mailer, mails: MailStore
) -> None:
    outcome = await mailer.send(SENDER, "a@example.com>\r\nRCPT TO:<b@example.com", MESSAGE)
    assert isinstance(outcome, Rejected)
    assert not list(mails.newest_first())


async def test_an_address_outside_ascii_is_sent_where_the_server_supports_it(mailer: Mailer) -> None:
    assert await mailer.send(SENDER, "søren@example.com", MESSAGE) == Delivered()


async def test_a_domain_of_another_alphabet_needs_nothing_of_the_server() -> None:
    """A server without SMTPUTF8."""
    async with talking(*HELLO, b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n") as mailer:
        assert isinstance(await mailer.send(SENDER, "anna@bøger.example", MESSAGE), Unknown)
        await mailer.close()
    async with talking(*HELLO) as mailer:
        outcome = await mailer.send(SENDER, "søren@example.com", MESSAGE)
        assert outcome == Rejected("the mail server takes ASCII addresses only", 553)
        await mailer.close()


async def test_both_forms_of_a_domain_are_one_mailbox(mailer: Mailer, mails: MailStore) -> None:
    assert await mailer.send(SENDER, "anna@bøger.example", MESSAGE) == Delivered()
    (mail,) = mails.newest_first()
    assert mail.to == "anna@xn--bger-gra.example"


async def test_an_address_outside_ascii_is_sent_by_the_first_mail_of_an_encrypted_connection(
    mails: MailStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    encrypted.load_cert_chain(CERTIFICATE)
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(smtp.SmtpHandler(mails), enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0, ssl=encrypted
    )
    mailer = Mailer(f"smtps://127.0.0.1:{server.sockets[0].getsockname()[1]}", seconds=3)
    try:
        assert await mailer.send(SENDER, "søren@example.com", MESSAGE) == Delivered()
        assert await mailer.send(SENDER, "reader@example.com", MESSAGE) == Delivered()
    finally:
        await mailer.close()
        server.close()


@asynccontextmanager
async def talking(*answers: bytes) -> AsyncIterator[Mailer]:
    """A server that sends these lines, one after each line it receives, and then disconnects."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            writer.write(answer)
            await writer.drain()
            if not await reader.readline():
                break
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield Mailer(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}", seconds=1)
    finally:
        server.close()


HELLO = (b"220 hello\r\n", b"250 hello\r\n")
IN_FULL = (
    *HELLO, b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n", *[b""] * MESSAGE.count(b"\r\n")
)  # fmt: skip
"""Up to the end of the mail."""


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ((b"554 no service\r\n",), Away),
        ((*HELLO, b"550 sender unknown\r\n"), Away),
        ((*HELLO, b"250 ok\r\n", b"421 going down\r\n"), Blocked),
        ((*HELLO, b"250 ok\r\n"), Blocked),
        ((*HELLO, b"250 ok\r\n", b"250 ok\r\n"), Blocked),
        ((*HELLO, b"250 ok\r\n", b"250 ok\r\n", b"451 not now\r\n"), Deferred),
        ((*HELLO, b"250 ok\r\n", b"250 ok\r\n", b"552 too large\r\n"), Blocked),
        ((*IN_FULL, b"451 not now\r\n"), Deferred),
        ((*IN_FULL, b"554 not this one\r\n"), Blocked),
        ((*IN_FULL, b"200 queued\r\n"), Unknown),
        ((*IN_FULL, b"251 forwarded\r\n"), Unknown),
        ((*IN_FULL, b"OK queued\r\n"), Unknown),
        ((*IN_FULL, b"\r\n"), Unknown),
    ],
)
async def test_the_outcome_of_a_failed_step_depends_on_whether_the_mail_may_have_been_accepted(
    answers: tuple[bytes, ...], kind: type[Outcome]
) -> None:
    async with talking(*answers) as mailer:
        assert isinstance(await mailer.send(SENDER, "reader@example.com", MESSAGE), kind)
        await mailer.close()


TAKEN = (*IN_FULL, b"250 taken\r\n")


async def test_a_kept_connection_sends_no_address_that_its_server_cannot_read() -> None:
    async with talking(*TAKEN, b"250 ok\r\n") as mailer:
        assert await mailer.send(SENDER, "reader@example.com", MESSAGE) == Delivered()
        outcome = await mailer.send(SENDER, "søren@example.com", MESSAGE)
        assert outcome == Rejected("the mail server takes ASCII addresses only", 553)
        await mailer.close()


async def test_a_connection_that_the_server_ends_is_opened_again_for_the_next_mail() -> None:
    async with talking(*TAKEN) as mailer:
        for _ in range(3):
            assert await mailer.send(SENDER, "reader@example.com", MESSAGE) == Delivered()
        await mailer.close()


def test_only_urls_of_mail_servers_are_accepted() -> None:
    with pytest.raises(ValueError, match="smtp://"):
        Mailer("http://localhost:25")
