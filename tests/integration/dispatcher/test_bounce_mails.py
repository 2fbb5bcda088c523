"""Reports that come as mails: our SMTP server takes those to signed addresses alone, and what a mailbox has is
marked read once it is stored.
"""

import asyncio
import os
import socket
import socketserver
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import aiosmtplib
import pytest
from pydantic import SecretStr
from support.bounces import BOUNCE_HOST, a_report
from support.dispatcher_builders import invite_customer, rows
from support.eventually import eventually
from support.http_clients import SECRET, context_on
from support.secure_broker import Certificate, a_certificate, an_authority, pem

from services.dispatcher.app import SERVICE
from services.dispatcher.bounces import bounce_commands, mailbox, smtp_server
from services.dispatcher.bounces.mailbox import ImapAddress, MailboxAway, MailboxReader, open_mailbox
from services.dispatcher.bounces.receiving import NothingToReceive
from services.dispatcher.bounces.smtp_certificate import BadCertificate, SmtpCertificate
from services.dispatcher.bounces.smtp_server import BounceHandler, CannotTakeMail, listen
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.health import Health
from shared.mail.references import MailReference, MailReferences

REFERENCES = MailReferences(SECRET)


@pytest.fixture
async def mail(database: Database, survey: StoredSurvey) -> MailReference:
    """The mail of one invitation, as if it had left."""
    await invite_customer(database, "kim")
    async with database.transaction() as uow:
        await uow.execute("UPDATE invitation SET state = 'sent', sent_at = next_at")
    (row,) = await rows(database, "SELECT id FROM invitation")
    return MailReference(row.id)


async def stored(database: Database) -> list[str]:
    return [row.kind for row in await rows(database, "SELECT kind FROM bounce")]


def write_certificate(folder: Path, certificate: Certificate) -> SmtpCertificate:
    files = folder / "bounces.pem", folder / "bounces.key"
    for file, text in zip(files, (certificate.certificate, certificate.key), strict=True):
        file.write_text(text)
    return SmtpCertificate(*files)


def test_files_that_are_no_certificate_end_the_process_with_both_settings(tmp_path: Path) -> None:
    with pytest.raises(BadCertificate, match="of DISPATCHER_BOUNCE_KEY cannot be used"):
        SmtpCertificate(tmp_path / "missing.pem", tmp_path / "missing.key")
    one, other = (a_certificate(an_authority(), BOUNCE_HOST) for _ in range(2))
    with pytest.raises(BadCertificate):
        write_certificate(tmp_path, Certificate(one.certificate, other.key))


class TestSmtp:
    @pytest.fixture
    async def port(self, database: Database) -> AsyncIterator[int]:
        handler = BounceHandler(database, SECRET, BOUNCE_HOST)
        async with await listen(handler, "127.0.0.1", 0, BOUNCE_HOST) as server:
            yield server.sockets[0].getsockname()[1]

    async def test_takes_a_report_to_the_address_of_a_mail(
        self, database: Database, port: int, mail: MailReference
    ) -> None:
        address = REFERENCES.bounce_address(mail, BOUNCE_HOST).upper()
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
            await client.sendmail("", [address], a_report("qmail", MailReferences("another"), mail))
            assert await stored(database) == ["hard"]
            # What a mailbox answers by itself is taken and does nothing.
            await client.sendmail("", [address], a_report("out_of_office", REFERENCES, mail))
        assert await stored(database) == ["hard"]

    async def test_encrypts_what_other_servers_send_and_goes_on_after_one_that_cannot(
        self, database: Database, mail: MailReference, tmp_path: Path
    ) -> None:
        """By the certificate of before or the renewed one, as the files are; one connection counts once."""
        authority = an_authority()
        own = write_certificate(tmp_path, a_certificate(authority, BOUNCE_HOST))
        trusted = ssl.create_default_context(cadata=pem(authority[0]))
        sessions: set[Any] = set()
        handler = BounceHandler(database, SECRET, BOUNCE_HOST)
        address = REFERENCES.bounce_address(mail, BOUNCE_HOST)
        async with await listen(handler, "127.0.0.1", 0, BOUNCE_HOST, sessions, own.context) as server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"EHLO other.example\r\nSTARTTLS\r\n")
            await reader.readuntil(b"220 Ready to start TLS\r\n")
            writer.write(b"this is no handshake\r\n")
            await reader.read()
            writer.close()
            seen = []
            for report in ("qmail", "postfix"):
                async with aiosmtplib.SMTP(
                    hostname="127.0.0.1", port=port, start_tls=True, tls_context=trusted
                ) as client:
                    seen.append(client.get_transport_info("peercert")["serialNumber"])
                    assert len(sessions) == 1
                    await client.sendmail("", [address], a_report(report, REFERENCES, mail))
                own.key.write_text("half of a key")
                own.refresh()  # is refused, and logged
                write_certificate(tmp_path, a_certificate(authority, BOUNCE_HOST))
                os.utime(own.key, (0, len(seen)))
                own.refresh()
            await eventually(lambda: not sessions)
        assert len(set(seen)) == len(seen) == 2
        assert await stored(database) == ["hard"]

    async def test_takes_no_mail_to_any_other_address(self, port: int) -> None:
        mail = MailReference(UUID(int=1))
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
            for address in (
                "postmaster@bounces.shop.example",
                "kim@customer.example",
                f"bounce@{BOUNCE_HOST}",
                MailReferences("another secret").bounce_address(mail, BOUNCE_HOST),
                REFERENCES.bounce_address(mail, "elsewhere.example"),
            ):
                with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
                    await client.sendmail("", [address], b"Subject: x\n\nx")

    async def test_takes_one_recipient_at_a_time_and_no_mail_that_is_too_long(
        self, database: Database, port: int, mail: MailReference
    ) -> None:
        address = REFERENCES.bounce_address(mail, BOUNCE_HOST)
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
            await client.mail("")
            assert (await client.rcpt(address)).code == 250
            with pytest.raises(aiosmtplib.SMTPRecipientRefused) as refused:
                await client.rcpt(address)
            assert refused.value.code == 452
            await client.rset()
            with pytest.raises(aiosmtplib.SMTPException):
                await client.sendmail("", [address], b"Subject: x\n\n" + b"x" * 70 * 20_000)
        assert await stored(database) == []

    async def test_lets_the_other_server_try_again_while_the_database_is_away(
        self, database: Database, port: int, mail: MailReference, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: Any) -> None:
            raise ConnectionRefusedError

        address = REFERENCES.bounce_address(mail, BOUNCE_HOST)
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
            with monkeypatch.context() as patched:
                patched.setattr(bounce_commands, "apply_report", away)
                with pytest.raises(aiosmtplib.SMTPDataError) as refused:
                    await client.sendmail("", [address], a_report("postfix", REFERENCES, mail))
            assert refused.value.code == 451
            await client.sendmail("", [address], a_report("postfix", REFERENCES, mail))
        assert await stored(database) == ["hard"]

    async def test_has_only_so_many_connections_and_ends_one_that_lasts_too_long(
        self, port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(smtp_server, "MAX_CONNECTIONS", 1)
        monkeypatch.setattr(smtp_server, "SESSION_TIMEOUT_S", 0.2)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await reader.readline()).startswith(b"220 ")
        refused, refused_writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await refused.read()).startswith(b"421 ")
        refused_writer.close()
        with suppress(ConnectionResetError):
            assert await reader.read() == b""  # it was ended
        writer.close()
        monkeypatch.setattr(smtp_server, "SESSION_TIMEOUT_S", 60)
        again, again_writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await again.readline()).startswith(b"220 ")
        again_writer.close()

    async def test_says_that_its_port_is_taken(self, database: Database, port: int) -> None:
        with pytest.raises(CannotTakeMail, match="DISPATCHER_BOUNCE_LISTEN"):
            await listen(BounceHandler(database, SECRET, BOUNCE_HOST), "127.0.0.1", port, BOUNCE_HOST)


class ImapServer(socketserver.StreamRequestHandler):
    """As much of IMAP4rev1 as the reader speaks."""

    mails: dict[str, bytes]
    read: set[str]

    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            tag, _, rest = line.strip().partition(b" ")
            said = self._answer(rest)
            self.wfile.write(said + tag + (b" NO\r\n" if said == b"" else b" OK done\r\n"))

    def _answer(self, command: bytes) -> bytes:  # noqa: PLR0911  (one for each command)
        words = command.decode().split()
        match [word.upper() for word in words[:2]]:
            case ["CAPABILITY"]:
                return b"* CAPABILITY IMAP4rev1\r\n"
            case ["LOGIN", _]:
                return b"* OK\r\n" if words[2].strip('"') == "secret/1" else b""
            case ["SELECT", _]:
                found = b"* 3 EXISTS\r\n* OK [UIDVALIDITY 3857529045] valid\r\n"
                return found if words[1].strip('"') == "Reports" else b""
            case ["UID", "SEARCH"]:
                unread = [uid for uid in self.mails if uid not in self.read]
                return f"* SEARCH {' '.join(unread)}\r\n".encode()
            case ["UID", "FETCH"]:
                mail = self.mails[words[2]]
                return b"* 1 FETCH (UID 1 BODY[]<0> {%d}\r\n%b)\r\n" % (len(mail), mail)
            case ["UID", "STORE"]:
                self.read.add(words[2])
                return b"* 1 FETCH (FLAGS (\\Seen))\r\n"
            case _:
                return b"* BYE\r\n"


@contextmanager
def an_imap_server(*mails: bytes) -> Iterator[tuple[str, set[str]]]:
    """A mailbox with these mails, unread; its address, and those that were read."""
    kind = type(
        "Serving", (ImapServer,), {"mails": {f"{n}": m for n, m in enumerate(mails, 1)}, "read": set()}
    )
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), kind) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        yield f"imap://kim:secret%2F1@127.0.0.1:{port}/Reports", kind.read  # type: ignore[attr-defined]
        server.shutdown()


class Letters:
    """A mailbox in the memory, which keeps what is fetched of it."""

    def __init__(self, mails: dict[int, bytes]) -> None:
        self.validity = "1"
        self.mails = mails
        self.fetched: list[int] = []

    def unread(self, after: int = 0) -> list[int]:
        return [uid for uid in self.mails if uid > after]

    def fetch(self, uid: int) -> bytes:
        self.fetched.append(uid)
        return self.mails[uid]

    def mark_read(self, uid: int) -> None:
        del self.mails[uid]


class TestMailbox:
    async def test_a_report_is_marked_read_once_it_is_stored_and_letters_stay_unread(
        self, database: Database, mail: MailReference, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: Any) -> None:
            assert read == set()
            raise ConnectionRefusedError

        reports = [a_report(name, REFERENCES, mail) for name in ("letter", "arf_redacted", "postfix_delayed")]
        with an_imap_server(*reports) as (url, read):
            reader = MailboxReader(database, SECRET)
            opened = await asyncio.to_thread(open_mailbox, ImapAddress.of(url))
            with monkeypatch.context() as patched:
                patched.setattr(bounce_commands, "apply_report", away)
                with pytest.raises(ConnectionRefusedError):
                    await reader.take_all(opened)
            assert read == set()
            assert await reader.take_all(opened) is False
            assert read == {"2", "3"}
            assert await stored(database) == ["complaint"]
            assert await asyncio.to_thread(opened.unread) == [1]
            assert opened.validity == "3857529045"
            monkeypatch.setattr(mailbox, "read_report", None)  # the letter is not read again
            assert await reader.take_all(opened) is False
            await asyncio.to_thread(opened.close)

    async def test_a_report_above_many_letters_is_read_and_no_letter_twice(
        self, database: Database, mail: MailReference
    ) -> None:
        letter = a_report("letter", REFERENCES, mail)
        box = Letters(dict.fromkeys(range(1, 51), letter) | {51: a_report("sendmail", REFERENCES, mail)})
        reader = MailboxReader(database, SECRET)
        assert [await reader.take_all(box) for _ in range(4)] == [True, True, False, False]
        assert box.fetched == list(range(1, 52))
        assert await stored(database) == ["soft"]
        box.mails[52] = letter
        assert await reader.take_all(box) is False
        assert box.fetched[51:] == [52]
        box.validity, box.mails = "2", {1: letter}  # the folder was made anew
        assert await reader.take_all(box) is False
        assert box.fetched[52:] == [1]

    async def test_a_mailbox_that_cannot_be_opened_says_why_without_a_name(self) -> None:
        with an_imap_server() as (url, _):
            for wrong in (url.replace("secret", "wrong"), url.replace("Reports", "None")):
                with pytest.raises(MailboxAway) as away:
                    await asyncio.to_thread(open_mailbox, ImapAddress.of(wrong))
                assert "kim" not in str(away.value)
                assert "wrong" not in str(away.value)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            closed = f"imap://kim:secret@127.0.0.1:{free.getsockname()[1]}/INBOX"
            with pytest.raises(MailboxAway):
                await asyncio.to_thread(open_mailbox, ImapAddress.of(closed))

    async def test_the_loop_waits_for_a_mailbox_that_is_away(
        self, database: Database, mail: MailReference, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mailbox, "POLL_INTERVAL_S", 0.05)
        health, stopping = Health("dispatcher"), asyncio.Event()
        with an_imap_server(a_report("sendmail", REFERENCES, mail)) as (url, read):
            wrong = mailbox.mailbox_loop(database, health, SECRET, url.replace("secret", "wrong"))
            running = asyncio.ensure_future(wrong(stopping))
            await eventually(lambda: "refuses the user" in "".join(health.unready()))
            stopping.set()
            await running
            stopping = asyncio.Event()
            running = asyncio.ensure_future(mailbox.mailbox_loop(database, health, SECRET, url)(stopping))
            await eventually(lambda: bool(read) and not health.unready())
            stopping.set()
            await running
        assert await stored(database) == ["soft"]


class TestRole:
    async def test_takes_mail_until_it_stops_and_ends_what_is_open(self, database: Database) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        health, stopping = Health("dispatcher"), asyncio.Event()
        loop = smtp_server.smtp_loop(database, health, SECRET, BOUNCE_HOST, f"127.0.0.1:{port}")
        running = asyncio.ensure_future(loop(stopping))

        async def connected() -> Any:
            return await asyncio.open_connection("127.0.0.1", port)

        reader, writer = await eventually(connected)
        assert (await reader.readline()).startswith(b"220 ")
        stopping.set()
        await running
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        assert health.stalled() == []

    def test_says_what_is_not_set_up(self, database: Database) -> None:
        roles, loops = SERVICE.roles, SERVICE.receiver_loops
        assert roles[-1] == "bounces"
        assert loops is not None
        with pytest.raises(NothingToReceive, match="DISPATCHER_BOUNCE_MAILBOX"):
            loops(context_on(SERVICE, database))
        own = {"bounce_listen": "127.0.0.1:2525"}
        with pytest.raises(NothingToReceive, match="AFTERWORD_BOUNCE_HOST"):
            loops(context_on(SERVICE, database, own=own))
        both = {**own, "bounce_mailbox": SecretStr("imaps://kim:secret@mail.example/INBOX")}
        found = loops(context_on(SERVICE, database, own=both, bounce_host=BOUNCE_HOST))
        assert list(found) == [smtp_server.SMTP_LOOP, mailbox.MAILBOX_LOOP]
