"""A DNS server on the loopback address, with the records that a test gives it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

MAX_UDP_BYTES = 1_232


@dataclass
class DnsServer:
    """Answers what it is asked; names without records do not exist."""

    records: dict[str, list[str]] = field(default_factory=dict)
    """By name and kind, such as ``"shop.example TXT"``."""
    silent: set[str] = field(default_factory=set)
    """Names about which it never answers."""
    broken: set[str] = field(default_factory=set)
    """Names about which it says that it cannot answer (SERVFAIL)."""
    asked: list[str] = field(default_factory=list)
    address: str = ""
    """As in ``AFTERWORD_DNS``."""

    def add(self, name: str, kind: str, *values: str) -> None:
        """Records of a name in place of those before; a text of any length is written in parts."""
        self.records[f"{name} {kind}"] = [_quoted(each) if kind == "TXT" else each for each in values]

    def answer(self, question: bytes, *, most: int) -> bytes | None:
        """The answer to a question; None: none. What is longer than ``most`` is cut, with the flag for it."""
        query = dns.message.from_wire(question)
        (asked,) = query.question
        name, kind = asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype)
        self.asked.append(f"{name} {kind}")
        if name in self.silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        values = self.records.get(f"{name} {kind}", [])
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif values:
            response.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *values))
        elif not any(each.startswith(f"{name} ") for each in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        wire = response.to_wire(max_size=65_535)
        if len(wire) <= most:
            return wire
        cut = dns.message.make_response(query)
        cut.flags |= dns.flags.TC
        return cut.to_wire()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if answer := self._server.answer(data, most=MAX_UDP_BYTES):
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def a_dns_server(records: Mapping[str, list[str]] | None = None) -> AsyncIterator[DnsServer]:
    """A server that runs, by UDP and TCP."""
    server = DnsServer()
    for key, values in (records or {}).items():
        name, _, kind = key.partition(" ")
        server.add(name, kind, *values)

    async def by_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            size = int.from_bytes(await reader.readexactly(2))
            if answer := server.answer(await reader.readexactly(size), most=65_535):
                writer.write(len(answer).to_bytes(2) + answer)
                await writer.drain()
        finally:
            writer.close()

    loop = asyncio.get_running_loop()
    tcp = await asyncio.start_server(by_tcp, "127.0.0.1", 0)
    port = tcp.sockets[0].getsockname()[1]
    udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(server), local_addr=("127.0.0.1", port))
    server.address = f"127.0.0.1:{port}"
    try:
        yield server
    finally:
        udp.close()
        tcp.close()
        await tcp.wait_closed()


def _quoted(text: str) -> str:
    parts = [text[start : start + 200] for start in range(0, len(text), 200)] or [""]
    escaped = (part.replace("\\", "\\\\").replace('"', '\\"') for part in parts)
    return " ".join(f'"{part}"' for part in escaped)
