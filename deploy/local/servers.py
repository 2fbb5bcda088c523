"""The servers that the services need, as programs that a supervisor can start."""

import asyncio
import sys
from typing import Literal

from deploy.local import kafka, postgres
from deploy.local.next_server import LOOPBACK
from deploy.local.probes import answers
from deploy.local.program import Program
from deploy.local.state import REPLY_HOST, State

ServerName = Literal["kafka", "postgres", "mailbox"]
SERVER_NAMES: tuple[ServerName, ...] = ("kafka", "postgres", "mailbox")


async def prepare(server: ServerName, state: State, *, throwaway: bool = False) -> Program:
    """Do what must be done before the server's start: download, format, initialize.

    :param throwaway: its data are deleted with it.
    """
    match server:
        case "kafka":
            await asyncio.to_thread(kafka.fetch)
            await asyncio.to_thread(kafka.prepare, state)
            return kafka.program(state)
        case "postgres":
            cluster = await asyncio.to_thread(postgres.prepare, state)
            return postgres.program(state, cluster, throwaway=throwaway)
        case "mailbox":
            return mailbox_program(state)


def mailbox_program(state: State) -> Program:
    """The mailbox: its SMTP server and its pages."""
    return Program(
        "mailbox",
        (
            *(sys.executable, "-m", "deploy.local.mailbox", str(state.root / "mail")),
            *(str(state.ports["smtp"]), str(state.ports["mailbox"])),
            *(LOOPBACK, REPLY_HOST, str(state.ports["replies"])),
        ),
        ready=lambda: answers(f"{state.mailbox}/healthz"),
        shown=False,
    )
