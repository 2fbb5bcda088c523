"""A mail server that fails at every step, in a known order of faults, and keeps which mails it has taken."""

import asyncio
import itertools
import random
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from support.smtp import CERTIFICATE, HANG_UP, SILENCE

TAKEN_UNSAID, TAKEN_LATE = "(taken, and hung up)", "(taken, and said too late)"
"""In place of a reply to the end of a mail: it is taken, and its sender is not told, or not in time."""
MailStep = Literal["RCPT", "DATA", "END"]
End = Literal["sent", "failed", "unknown"]


@dataclass(frozen=True)
class MailFault:
    """What one mail meets."""

    step: MailStep
    replies: Sequence[str]
    """To its tries, one after the other; later ones are accepted."""
    ends: End
    always: bool = False
    """The last reply holds for all later tries."""
    weight: int = 4
    """How often it comes, beside the others: what is slow costs the test its time."""


FINE = MailFault("RCPT", (), "sent", weight=30)
MAIL_FAULTS: Sequence[MailFault] = (
    FINE,
    MailFault("RCPT", ("451 4.7.1 greylisted", "451 4.7.1 greylisted", "450 4.2.1 busy"), "sent"),
    MailFault("RCPT", ("450 4.2.1 busy",), "sent"),
    MailFault("RCPT", ("421 4.7.0 closing",), "sent"),
    MailFault("RCPT", ("550 5.4.5 daily limit",), "sent"),
    MailFault("RCPT", ("550 5.7.1 no",), "sent"),
    MailFault("RCPT", (HANG_UP, HANG_UP), "sent"),
    MailFault("RCPT", (SILENCE,), "sent", weight=1),
    MailFault("RCPT", ("550 5.1.1 nobody",), "failed"),
    MailFault("RCPT", ("552 5.2.2 over quota",), "failed"),
    MailFault("RCPT", ("550 5.7.1 not to this group",), "failed", always=True, weight=2),
    MailFault("DATA", ("451 4.2.0 later",), "sent"),
    MailFault("DATA", ("452 4.3.1 disk full",), "sent"),
    MailFault("DATA", ("554 refused",), "sent"),
    MailFault("DATA", ("550 5.1.1 nobody",), "failed"),
    MailFault("DATA", (HANG_UP,), "sent"),
    MailFault("DATA", (SILENCE,), "sent", weight=1),
    MailFault("END", ("451 4.2.0 later", "451 4.7.1 greylisted"), "sent"),
    MailFault("END", ("452 4.3.1 disk full",), "sent"),
    MailFault("END", ("554 failed",), "sent"),
    MailFault("END", ("550 5.1.1 nobody",), "failed"),
    MailFault("END", ("200 queued",), "unknown"),
    MailFault("END", (HANG_UP,), "unknown"),
    MailFault("END", (TAKEN_UNSAID,), "unknown"),
    MailFault("END", (TAKEN_LATE,), "unknown", weight=1),
)
"""Each reply at each step after which a mail is tried again, refused for good, or nobody knows."""
ConnectionStep = Literal["CONNECT", "EHLO", "STARTTLS", "HANDSHAKE", "AUTH"]
CONNECTION_FAULTS: Mapping[ConnectionStep, Sequence[str]] = {
    "CONNECT": ("421 4.3.2 closing", "554 5.3.2 no service", "what?", HANG_UP),
    "EHLO": ("421 4.3.2 closing", "504 5.5.2 need a full name", "550 5.7.1 no", HANG_UP),
    "STARTTLS": ("454 4.7.0 not now", "501 5.5.4 what?", HANG_UP),
    "HANDSHAKE": (HANG_UP,),
    "AUTH": ("454 4.7.0 later", "535 5.7.8 no", HANG_UP),
}
FAULTY_CONNECTIONS = 0.3
"""The share of the connections that meet one before the first mail."""
SENDER_FAULTS = ("451 4.3.0 later", "550 5.1.8 bad sender", "421 4.3.2 closing", "what?", HANG_UP)
"""To MAIL, when nobody knows yet for whom it is."""
FAULTY_SENDERS = 0.1
USUAL_REPLIES = {
    "CONNECT": "220 faulty ESMTP",
    "STARTTLS": "220 go on",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "END": "250 2.0.0 taken",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


class _HungUp(Exception):
    """The connection ends without a word."""


@dataclass
class FaultyMailServer:
    """A server on this machine with STARTTLS and AUTH."""

    faults: Mapping[str, MailFault]
    """By recipient; others meet none of their own."""
    chance: random.Random
    url: str = ""
    taken: Counter[str] = field(default_factory=Counter)
    """How many mails it has taken, by recipient, whatever it said to the sender."""
    met: Counter[str] = field(default_factory=Counter)
    """How often a connection met each fault before its first mail, by step and reply."""
    _tries: Counter[str] = field(default_factory=Counter)
    _context: ssl.SSLContext = field(default_factory=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))

    def __post_init__(self) -> None:
        self._connection_faults = itertools.cycle(
            (step, reply) for step, replies in CONNECTION_FAULTS.items() for reply in replies
        )
        self._sender_faults = itertools.cycle(SENDER_FAULTS)
        self._context.load_cert_chain(CERTIFICATE)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            await self._talk(reader, writer, self._drawn())
        except (_HungUp, ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _drawn(self) -> Mapping[str, str]:
        """What this connection meets before its first mail, if anything."""
        if self.chance.random() >= FAULTY_CONNECTIONS:
            return {}
        step, reply = next(self._connection_faults)
        self.met[f"{step} {reply}"] += 1
        return {step: reply} | ({"HELO": reply} if step == "EHLO" else {})

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, own: Mapping[str, str]
    ) -> None:
        encrypted = False
        recipient = ""
        await self._say(writer, own.get("CONNECT", USUAL_REPLIES["CONNECT"]))
        while line := await reader.readline():
            command = line.decode(errors="replace").strip()
            step = command.upper().replace(":", " ").split(" ")[0]
            if step in {"EHLO", "HELO"} and step not in own:
                offered = "AUTH PLAIN" if encrypted else "STARTTLS"
                await self._say(writer, f"250-faulty\r\n250-{offered}\r\n250 8BITMIME")
            elif step == "MAIL" and self.chance.random() < FAULTY_SENDERS:
                reply = next(self._sender_faults)
                self.met[f"{step} {reply}"] += 1
                await self._say(writer, reply)
            elif step == "RCPT":
                recipient = command.partition("<")[2].partition(">")[0]
                await self._say(writer, self._reply("RCPT", recipient))
            elif step == "DATA":
                await self._take(reader, writer, recipient)
            else:
                await self._say(writer, own.get(step) or USUAL_REPLIES.get(step, "500 5.5.1 unknown"))
            if step == "STARTTLS":
                if "HANDSHAKE" in own:
                    raise _HungUp
                if step not in own:
                    await writer.start_tls(self._context)
                    encrypted = True
            if step == "QUIT":
                return

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str) -> None:
        reply = self._reply("DATA", recipient)
        await self._say(writer, reply)
        if not reply.startswith("354"):
            return
        await reader.readuntil(b"\r\n.\r\n")
        reply = self._reply("END", recipient)
        if reply in {TAKEN_UNSAID, TAKEN_LATE} or reply.startswith("2"):
            self.taken[recipient] += 1
        await self._say(writer, {TAKEN_UNSAID: HANG_UP, TAKEN_LATE: SILENCE}.get(reply, reply))

    def _reply(self, step: MailStep, recipient: str) -> str:
        """What this mail meets at this step, which is one more of its tries if its fault is there."""
        fault = self.faults.get(recipient, FINE)
        if fault.step != step or not fault.replies:
            return USUAL_REPLIES[step]
        tried = self._tries[recipient]
        self._tries[recipient] += 1
        if tried >= len(fault.replies):
            return fault.replies[-1] if fault.always else USUAL_REPLIES[step]
        return fault.replies[tried]

    async def _say(self, writer: asyncio.StreamWriter, reply: str) -> None:
        if reply == SILENCE:
            await asyncio.Event().wait()
        if reply == HANG_UP:
            raise _HungUp
        writer.write(f"{reply}\r\n".encode())
        await writer.drain()


def drawn_faults(count: int, chance: random.Random) -> list[MailFault]:
    """A fault for each mail; the first ones meet one of each kind."""
    others = chance.choices(
        MAIL_FAULTS, [each.weight for each in MAIL_FAULTS], k=max(count - len(MAIL_FAULTS), 0)
    )
    return [*MAIL_FAULTS, *others][:count]


@asynccontextmanager
async def a_faulty_mail_server(
    faults: Mapping[str, MailFault], chance: random.Random
) -> AsyncIterator[FaultyMailServer]:
    """The server while the block runs; it has its ``url``, with the user that signs in."""
    server = FaultyMailServer(faults, chance)
    talks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(server.talk(reader, writer))
        talks.add(task)
        task.add_done_callback(talks.discard)

    listening = await asyncio.start_server(begin, "127.0.0.1", 0)
    server.url = f"smtp://shop:secret@127.0.0.1:{listening.sockets[0].getsockname()[1]}?tls=required"
    try:
        yield server
    finally:
        listening.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
