"""A mail server that replies to each command as a test asks, and records commands and accepted mails."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

CERTIFICATE = Path(__file__).parents[1] / "integration" / "shared" / "mail" / "loopback.pem"
"""Of a server on the loopback address, with its key; no system trusts it."""

SmtpCommand = Literal[
    "CONNECT", "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "END", "RSET", "QUIT"
]
HANG_UP = ""
"""In place of a reply: the connection ends."""
SILENCE = "(silence)"
"""In place of a reply: none is ever sent."""
USUAL: dict[SmtpCommand, str] = {
    "CONNECT": "220 scripted ESMTP",
    "EHLO": "250 scripted",
    "HELO": "250 scripted",
    "STARTTLS": "220 go on",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "END": "250 2.0.0 taken",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


@dataclass
class ScriptedServer:
    """A server on this machine. Its replies may be changed at any time, for single recipients too."""

    answers: dict[SmtpCommand, str] = field(default_factory=dict)
    """Replies in place of the usual ones; lines are separated by line feeds."""
    for_recipients: dict[str, dict[SmtpCommand, str]] = field(default_factory=dict)
    """Replies for mail to this address."""
    extensions: list[str] = field(default_factory=list)
    context: ssl.SSLContext | None = None
    """With it STARTTLS is offered; the handshake uses it."""
    commands: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    """Recipients of the accepted mails, in order."""
    mails: list[bytes] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    """For each accepted mail whether it came by TLS."""
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a client waits for a reply that never comes."""
    url: str = ""
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self._open.add(writer)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    def hang_up(self) -> None:
        """End every connection."""
        for writer in set(self._open):
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        encrypted, recipient = False, ""
        if not await self._reply(writer, "CONNECT", recipient):
            return
        while line := await reader.readline():
            command = line.decode().strip()
            self.commands.append(command)
            step = command.upper().replace(":", " ").split(" ")[0]
            if step == "RCPT":
                recipient = command.partition("<")[2].partition(">")[0]
            if step == "EHLO" and "EHLO" not in self.answers:
                self._offer(writer, encrypted=encrypted)
                continue
            goes_on = await self._reply(writer, step, recipient) and step != "QUIT"  # type: ignore[arg-type]
            if step == "STARTTLS" and self.context and self._answer("STARTTLS", recipient).startswith("2"):
                await writer.start_tls(self.context)
                encrypted = True
            if step == "DATA" and self._answer("DATA", recipient).startswith("354"):
                goes_on = await self._accept(reader, writer, recipient, encrypted=encrypted)
            if not goes_on:
                return

    def _offer(self, writer: asyncio.StreamWriter, *, encrypted: bool) -> None:
        offered = [*self.extensions, *(["STARTTLS"] if self.context and not encrypted else [])]
        lines = [f"250-{one}\r\n" for one in ["scripted", *offered]]
        writer.write("".join([*lines, "250 8BITMIME\r\n"]).encode())

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str, *, encrypted: bool
    ) -> bool:
        mail = await reader.readuntil(b"\r\n.\r\n")
        if self._answer("END", recipient).startswith("2"):
            self.accepted.append(recipient)
            self.mails.append(mail)
            self.encrypted.append(encrypted)
        return await self._reply(writer, "END", recipient)

    def _answer(self, step: SmtpCommand, recipient: str) -> str:
        own = self.for_recipients.get(recipient, {})
        return own.get(step, self.answers.get(step, USUAL.get(step, "500 5.5.1 unknown command")))

    async def _reply(self, writer: asyncio.StreamWriter, step: SmtpCommand, recipient: str) -> bool:
        """Send the reply; True if the connection goes on."""
        answer = self._answer(step, recipient)
        if answer == SILENCE:
            self.waiting.set()
            await asyncio.Event().wait()
        if answer == HANG_UP:
            return False
        lines = answer.split("\n")
        marked = [f"{line[:3]}-{line[4:]}" for line in lines[:-1]] + lines[-1:]
        writer.write("".join(f"{line}\r\n" for line in marked).encode())
        await writer.drain()
        return True


@asynccontextmanager
async def scripted_server(**given: Any) -> AsyncIterator[ScriptedServer]:
    """A server that runs while the block runs; it has its ``url``."""
    server = ScriptedServer(**given)
    talks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(server.talk(reader, writer))
        talks.add(task)
        task.add_done_callback(talks.discard)

    listening = await asyncio.start_server(begin, "127.0.0.1", 0)
    server.url = f"smtp://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
