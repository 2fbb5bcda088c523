"""Runs one server of the stack for the process that started this one, and ends with it.

`python -m deploy.local.run_server kafka` prints `ready` once the server answers, and stops it at the end of
standard input. With `--throwaway` its data need not survive a crash of the machine: tests delete them anyway.
"""

import asyncio
import sys
from typing import cast

from deploy.local import postgres
from deploy.local.logfile import print_line
from deploy.local.servers import ServerName, prepare
from deploy.local.state import State
from deploy.local.supervisor import Supervisor


async def run(server: ServerName, *, throwaway: bool) -> None:
    """Start the server, and keep it until standard input ends."""
    state = State.open()
    async with Supervisor(state.logs) as supervisor:
        await supervisor.start(await prepare(server, state, throwaway=throwaway))
        if server == "postgres":
            await postgres.create_databases(state)
        print_line("ready")
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(run(cast("ServerName", sys.argv[1]), throwaway="--throwaway" in sys.argv))
