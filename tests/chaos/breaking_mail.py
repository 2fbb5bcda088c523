"""A mail server that breaks at every step while mails from cases come; mails that ask go on to the mailbox."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Literal, NamedTuple

import aiosmtplib

HOST = "127.0.0.1"
SUBJECT = "From case mail"
"""How the subject of each mail from a case begins; its id is behind it."""
MAIL_PATTERN = re.compile(rb"^Subject: From case mail ([0-9a-f-]{36})\s*$", re.MULTILINE | re.IGNORECASE)
HANG_UP, SILENCE = "(hang up)", "(silence)"
TAKEN_UNSAID, TAKEN_LATE = "(taken, and hung up)", "(taken, and said too late)"
BreakingStep = Literal["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"]
BROKEN_REPLIES: dict[BreakingStep, Sequence[str]] = {
    "CONNECT": ("421 4.3.2 closing", "554 5.3.2 no service", HANG_UP),
    "EHLO": ("421 4.3.2 closing", HANG_UP),
    "MAIL": ("421 4.3.2 closing", HANG_UP),
    "RCPT": ("451 4.7.1 greylisted", "450 4.2.1 busy", "550 5.7.1 no", HANG_UP, SILENCE),
    "DATA": ("451 4.2.0 later", "452 4.3.1 disk full", "554 5.0.0 refused", HANG_UP),
    "END": ("451 4.2.0 later", "554 5.0.0 failed", HANG_UP, TAKEN_UNSAID, TAKEN_LATE),
}
"""At CONNECT, EHLO and MAIL none that counts against the mail: it may be one that asks."""
SHARE_BY_STEP: dict[BreakingStep, float] = {
    "CONNECT": 0.1,
    "EHLO": 0.05,
    "MAIL": 0.03,
    "RCPT": 0.12,
    "DATA": 0.1,
    "END": 0.15,
}
NO_MAILBOX = "550 5.1.1 nobody"
NO_MAILBOX_SHARE = 0.015
"""Of the mails from cases: their addresses get none any more."""
REFUSALS_TO_FAIL = 5
"""After so many refusals that do not name its mailbox a mail has failed."""
USUAL = {
    "CONNECT": "220 breaking ESMTP",
    "EHLO": "250-breaking\r\n250 8BITMIME",
    "HELO": "250 breaking",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "END": "250 2.0.0 taken",
    "RSET": "250 2.0.0 ok",
    "NOOP": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


class ArrivedMail(NamedTuple):
    """A mail from a case that the server has taken, whatever it said."""

    id: str
    to: str
    content: bytes


class _Broken(Exception):
    """The connection ends without a word."""


@dataclass
class BreakingMailServer:
    """Takes what the dispatcher sends, keeps mails from cases, and hands on the others."""

    chance: Random
    mailbox_port: int
    calm: bool = False
    port: int = 0
    arrived: list[ArrivedMail] = field(default_factory=list)
    unsaid: set[str] = field(default_factory=set)
    """Mails at whose end it broke without a reply."""
    refusals: Counter[str] = field(default_factory=Counter)
    """By address; one that has no mailbox counts as many as make a mail fail."""
    met: Counter[str] = field(default_factory=Counter)
    """How often it broke at each step."""
    _asked: set[str] = field(default_factory=set)
    """Addresses that have got the mail that asks: what comes to them later is from cases."""

    @property
    def url(self) -> str:
        return f"smtp://{HOST}:{self.port}"

    @property
    def without_mailbox(self) -> set[str]:
        """Addresses to which mails may fail, or are not sent any more."""
        return {to for to, times in self.refusals.items() if times >= REFUSALS_TO_FAIL}

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        with suppress(_Broken, ConnectionError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to = ""
        await self._say(writer, self._reply("CONNECT"))
        while line := await reader.readline():
            command = line.decode(errors="replace").strip()
            step = command.upper().replace(":", " ").split(" ")[0]
            if step in {"EHLO", "MAIL"}:
                await self._say(writer, self._reply("EHLO" if step == "EHLO" else "MAIL"))
            elif step == "RCPT":
                to = command.partition("<")[2].partition(">")[0]
                await self._say(writer, self._reply("RCPT", to))
            elif step == "DATA":
                await self._take(reader, writer, to)
            else:
                await self._say(writer, USUAL.get(step, "500 5.5.1 unknown"))
            if step == "QUIT":
                return

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: str) -> None:
        reply = self._reply("DATA", to)
        await self._say(writer, reply)
        if not reply.startswith("354"):
            return
        content = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
        found = MAIL_PATTERN.search(content)
        if found is None:
            await self._say(writer, await self._hand_on(to, content))
            return
        mail, reply = found[1].decode(), self._reply("END", to)
        if reply in {HANG_UP, TAKEN_UNSAID, TAKEN_LATE}:
            self.unsaid.add(mail)
        if reply in {TAKEN_UNSAID, TAKEN_LATE} or reply.startswith("2"):
            self.arrived.append(ArrivedMail(mail, to, content))
        await self._say(writer, {TAKEN_UNSAID: HANG_UP, TAKEN_LATE: SILENCE}.get(reply, reply))

    async def _hand_on(self, to: str, content: bytes) -> str:
        """Give a mail that asks to the mailbox."""
        try:
            async with aiosmtplib.SMTP(hostname=HOST, port=self.mailbox_port) as mailbox:
                await mailbox.sendmail("harness@example.com", [to], content)
        except (aiosmtplib.SMTPException, OSError):
            return "451 4.3.0 later"
        self._asked.add(to)
        return USUAL["END"]

    def _reply(self, step: BreakingStep, to: str | None = None) -> str:
        """What this step meets; a recipient who was not asked yet meets nothing."""
        if self.calm or (to is not None and to not in self._asked):
            return USUAL[step]
        if step == "RCPT" and self.chance.random() < NO_MAILBOX_SHARE:
            reply = NO_MAILBOX
        elif self.chance.random() < SHARE_BY_STEP[step]:
            reply = self.chance.choice(BROKEN_REPLIES[step])
        else:
            return USUAL[step]
        self.met[step] += 1
        if to is not None and reply.startswith("5"):
            self.refusals[to] += REFUSALS_TO_FAIL if reply == NO_MAILBOX else 1
        return reply

    async def _say(self, writer: asyncio.StreamWriter, reply: str) -> None:
        if reply == SILENCE:
            await asyncio.Event().wait()
        if reply == HANG_UP:
            raise _Broken
        writer.write(f"{reply}\r\n".encode())
        await writer.drain()


@asynccontextmanager
async def a_breaking_mail_server(chance: Random, mailbox_port: int) -> AsyncIterator[BreakingMailServer]:
    """The server while the block runs."""
    server = BreakingMailServer(chance, mailbox_port)
    talks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(server.talk(reader, writer))
        talks.add(task)
        task.add_done_callback(talks.discard)

    listening = await asyncio.start_server(begin, HOST, 0, limit=10_000_000)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
