"""The probe of a server that is just going."""

import asyncio
from pathlib import Path

from support.stack import new_state

from deploy.local import postgres


async def test_a_database_that_ends_amid_the_greeting_is_not_ready_and_no_error() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    with new_state() as state:
        program = postgres.program(state, postgres.Cluster(Path("/"), Path("/"), None))
        async with await asyncio.start_server(hang_up, "127.0.0.1", state.ports["postgres"]):
            assert program.ready is not None
            assert not await program.ready()
