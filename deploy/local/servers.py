"""The servers that the services stand on, prepared and ready to be started by a supervisor."""

import asyncio
import sys
from typing import Literal

from deploy.local import kafka, postgres
from deploy.local.probes import answers
from deploy.local.program import Program
from deploy.local.state import State

Part = Literal["kafka", "postgres", "mailbox"]
PARTS: tuple[Part, ...] = ("kafka", "postgres", "mailbox")


async def prepare(part: Part, state: State) -> Program:
    match part:
        case "kafka":
            await asyncio.to_thread(kafka.fetch)
            await asyncio.to_thread(kafka.prepare, state)
            return kafka.program(state)
        case "postgres":
            return postgres.program(state, await asyncio.to_thread(postgres.prepare, state))
        case "mailbox":
            return mailbox(state)


def mailbox(state: State) -> Program:
    return Program(
        "mailbox",
        (
            *(sys.executable, "-m", "deploy.local.mailbox", str(state.root / "mail")),
            *(str(state.ports["smtp"]), str(state.ports["mailbox"])),
        ),
        ready=lambda: answers(f"{state.mailbox}/healthz"),
        shown=False,
    )
