"""A provider of texts that fails at every step, in a known order of faults, and keeps which texts it has taken."""

import asyncio
import json
import random
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Literal, NamedTuple
from urllib.parse import parse_qs

from support.smtp import CERTIFICATE

from services.dispatcher.sms.providers import PROVIDERS, Provider, ProviderSettings

TextEnd = Literal["sent", "failed", "unknown"]
Action = Literal["answer", "hang up", "be silent", "break off", "talk nonsense"]
Mode = Literal["usual", "closed", "untrusted", "no TLS"]
"""How it meets connections: ``closed`` refuses them, ``untrusted`` has a certificate of another host."""
MODES: Sequence[Mode] = ("usual", "usual", "usual", "usual", "closed", "untrusted", "no TLS")
SUCCESS: Mapping[str, tuple[int, bytes]] = {
    "twilio": (201, b'{"sid": "SM1", "status": "queued"}'),
    "messagebird": (201, b'{"id": "m-1"}'),
    "vonage": (200, b'{"messages": [{"status": "0", "message-id": "m-1"}]}'),
    "generic": (202, b""),
}


class ProviderAnswer(NamedTuple):
    """What one request meets."""

    action: Action = "answer"
    status: int = 0
    """0: that of success."""
    taken: bool = False
    """Whether the text leaves; it does where the status is that of success."""
    headers: str = ""
    body: bytes | None = None
    """None: that of success."""


class TextFault(NamedTuple):
    """What one text meets."""

    answers: Sequence[ProviderAnswer]
    """To its tries, one after the other; after them it is taken."""
    ends: TextEnd
    vonage_ends: TextEnd | None = None
    """Where that differs for the provider whose status alone says nothing."""
    always: bool = False
    """The last answer holds for all later tries."""
    weight: int = 4


def _once(action: Action = "answer", status: int = 0, **more: object) -> list[ProviderAnswer]:
    return [ProviderAnswer(action, status, **more)]  # type: ignore[arg-type]


UNTOUCHED = TextFault((), "sent", weight=30)
TEXT_FAULTS: Sequence[TextFault] = (
    UNTOUCHED,
    TextFault(_once(status=429), "sent"),
    TextFault(_once(status=429, headers="Retry-After: 5\r\n"), "sent"),
    TextFault(_once(status=503, headers="Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n") * 3, "sent"),
    TextFault(_once(status=401), "sent"),
    TextFault(_once(status=403), "sent"),
    TextFault(_once(status=404), "sent"),
    TextFault(_once(status=302, headers="Location: https://127.0.0.1:1/\r\n"), "sent"),
    TextFault(_once(status=400, body=b'{"code": [], "errors": [[]], "messages": 7'), "sent"),
    TextFault(_once(status=400, body=b'{"code": [], "errors": [[]], "messages": 7}'), "sent"),
    TextFault(_once(status=400, body=b"{}"), "failed", always=True, weight=2),
    TextFault(_once(status=500), "unknown"),
    TextFault(_once(status=502, taken=True), "unknown"),
    TextFault(_once(status=504, taken=True, body=b"<html>"), "unknown"),
    TextFault(_once("hang up"), "unknown"),
    TextFault(_once("hang up", taken=True), "unknown"),
    TextFault(_once("be silent"), "unknown", weight=1),
    TextFault(_once("be silent", taken=True), "unknown", weight=1),
    TextFault(_once("break off", taken=True), "unknown"),
    TextFault(_once("talk nonsense"), "unknown"),
    TextFault(_once(body=b'{"messages": [{"status": '), "sent", "unknown"),
    TextFault(_once(body=b'{"messages": "x", "padding": "' + b"x" * 200_000 + b'"}'), "sent", "unknown"),
    TextFault(_once(body=b"\x1f\x8bnothing packed", headers="Content-Encoding: gzip\r\n"), "unknown"),
)
"""Each answer after which a text is tried again, refused for good, or nobody knows."""


class _HangUp(Exception):
    """The connection ends without a word."""


class FaultyTextProvider:
    """One of the providers, on this machine, over TLS."""

    def __init__(self, name: str, faults: Mapping[str, TextFault], chance: random.Random) -> None:
        """:param faults: by number; others meet none."""
        self.name = name
        self.chance = chance
        self.taken: Counter[str] = Counter()
        """How many texts it has taken, by number, whatever it said to the sender."""
        self.met: Counter[Mode] = Counter()
        self.on_taken: Callable[[str], Awaitable[None]] | None = None
        """Called with the number before the request is answered."""
        self._faults = faults
        self._tries: Counter[str] = Counter()
        self._mode: Mode = "usual"
        self._listening: asyncio.Server | None = None
        self._port = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._talks: set[asyncio.Task[None]] = set()
        self._own, self._another = (
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        )
        self._own.load_cert_chain(CERTIFICATE)

    @property
    def trusted(self) -> ssl.SSLContext:
        """What trusts it."""
        return ssl.create_default_context(cafile=str(CERTIFICATE))

    def provider(self) -> Provider:
        """The product's side of it."""
        return PROVIDERS[self.name](
            ProviderSettings(
                url=f"https://127.0.0.1:{self._port}",
                account="AC1",
                secret="secret",
                signing_secret="signing",
                webhook_url="https://afterword.example/v1/texts",
            )
        )

    async def change(self, mode: Mode | None = None) -> None:
        """Meet connections otherwise from now on; those that are open end."""
        self._mode = mode if mode is not None else self.chance.choice(MODES)
        self.met[self._mode] += 1
        for writer in set(self._open):
            writer.transport.abort()
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        if self._mode == "closed":
            return
        # Without a certificate no handshake succeeds.
        context = {"usual": self._own, "untrusted": self._another, "no TLS": None}[self._mode]
        self._listening = await asyncio.start_server(
            self._begin, "127.0.0.1", self._port, ssl=context, reuse_address=True
        )
        self._port = self._listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        await self.change("closed")
        for task in list(self._talks):
            task.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._talk(reader, writer))
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if self._mode == "no TLS":
                writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
            while True:
                await self._answer(writer, await self._number(reader))
        except (_HangUp, ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _number(self, reader: asyncio.StreamReader) -> str:
        """Read one request; the number that it is for."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        body = (await reader.readexactly(length)).decode()
        if "/json" in head.partition("content-type: ")[2].partition("\r\n")[0]:
            sent = json.loads(body)
            number = sent.get("to") or sent["recipients"][0]
        else:
            fields = parse_qs(body)
            number = (fields.get("To") or fields["to"])[0]
        return f"+{number.removeprefix('+')}"

    async def _answer(self, writer: asyncio.StreamWriter, number: str) -> None:
        fault, tried = self._faults.get(number, UNTOUCHED), self._tries[number]
        self._tries[number] += 1
        if fault.always:
            tried = min(tried, len(fault.answers) - 1)
        given = fault.answers[tried] if tried < len(fault.answers) else ProviderAnswer()
        if given.taken or (given.action == "answer" and not given.status):
            self.taken[number] += 1
            if self.on_taken is not None:
                await self.on_taken(number)
        status, body = SUCCESS[self.name]
        status, body = given.status or status, body if given.body is None else given.body
        match given.action:
            case "hang up":
                raise _HangUp
            case "be silent":
                await asyncio.Event().wait()
            case "talk nonsense":
                writer.write(b"220 what?\r\n\r\n")
                raise _HangUp
        promised = len(body) + (100 if given.action == "break off" else 0)
        writer.write(
            f"HTTP/1.1 {status} x\r\n{given.headers}Content-Length: {promised}\r\n\r\n".encode() + body
        )
        await writer.drain()
        if given.action == "break off":
            raise _HangUp


def drawn_text_faults(count: int, chance: random.Random, *, silent: bool = True) -> list[TextFault]:
    """A fault for each text; the first ones meet one of each kind.

    :param silent: whether some get no answer, which costs the time until nobody waits for it any more.
    """
    kinds = [each for each in TEXT_FAULTS if silent or all(one.action != "be silent" for one in each.answers)]
    weights = [each.weight for each in kinds]
    return [*kinds, *chance.choices(kinds, weights, k=max(count - len(kinds), 0))][:count]


@asynccontextmanager
async def a_faulty_text_provider(
    name: str, faults: Mapping[str, TextFault], chance: random.Random
) -> AsyncIterator[FaultyTextProvider]:
    """The provider while the block runs."""
    provider = FaultyTextProvider(name, faults, chance)
    await provider.change("usual")
    try:
        yield provider
    finally:
        await provider.close()
