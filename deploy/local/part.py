"""Runs some of the stack's servers for whoever started this process, and ends with it.

`python -m deploy.local.part kafka postgres` prints `ready` once they answer, and stops them when its
standard input ends.
"""

import asyncio
import sys
from collections.abc import Sequence

from deploy.local import kafka, postgres
from deploy.local.state import State
from deploy.local.supervisor import Program, Supervisor

NAMES = ("kafka", "postgres", "mailbox")


async def program(name: str, state: State) -> Program:
    """Prepare one of the servers that the services stand on."""
    if name == "kafka":
        await asyncio.to_thread(kafka.fetch)
        await asyncio.to_thread(kafka.prepare, state)
        return kafka.program(state)
    if name == "postgres":
        return postgres.program(state, await asyncio.to_thread(postgres.prepare, state))
    raise ValueError(name)


async def run(names: Sequence[str]) -> None:
    state = State.open()
    async with Supervisor(state.logs) as supervisor:
        await supervisor.start(*await asyncio.gather(*(program(name, state) for name in names)))
        if "postgres" in names:
            await postgres.create_databases(state)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1:]))
