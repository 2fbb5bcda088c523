"""Runs one of the stack's servers for whoever started this process, and ends with it.

`python -m deploy.local.run_server kafka` prints `ready` once it answers; the server stops when standard input
ends.
"""

import asyncio
import sys
from typing import cast

from deploy.local import postgres
from deploy.local.servers import Part, prepare
from deploy.local.state import State
from deploy.local.supervisor import Supervisor


async def run(part: Part) -> None:
    state = State.open()
    async with Supervisor(state.logs) as supervisor:
        await supervisor.start(await prepare(part, state))
        if part == "postgres":
            await postgres.create_databases(state)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(run(cast("Part", sys.argv[1])))
