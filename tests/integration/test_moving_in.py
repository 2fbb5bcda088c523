"""Through dispatcher, collector and scorer: what another system had is counted here, as the scorer says."""

import asyncio
from pathlib import Path

from support.companies import BetweenServices, World
from support.http_clients import SECRET

from services.dispatcher.imports.processing import IMPORTS_LOOP, Processing
from services.dispatcher.moving_in.counted import months_of
from services.dispatcher.moving_in.moving import MoveIn, move_in
from services.dispatcher.one_by_one import OneByOne
from services.trigger import tenants
from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import ServiceTokens


async def test_ours_are_the_scorers_figures_and_the_same_file_again_changes_none(
    world: World, tmp_path: Path
) -> None:
    database = world.contexts["dispatcher"].database
    await tenants.create_tenant(
        world.contexts["trigger"].database, "rowan", name="Rowan", time_zone="Europe/Copenhagen"
    )
    await world.deliver_all()
    services = ServiceClient("http://internal.example", ServiceTokens(SECRET), BetweenServices(world))
    processing = Processing(database, SECRET, services, OneByOne(IMPORTS_LOOP, database))
    path = tmp_path / "export.csv"

    async def moved(content: str, *, late: bool = False) -> list[str]:
        path.write_text("Response ID,Score,Created At,Email\n" + content)
        told: list[str] = []
        read = months_of(services, "rowan", "delighted")
        wanted = MoveIn("rowan", "delighted", path, {})
        moving = asyncio.create_task(move_in(database, SECRET, wanted, told.append, read))
        while not moving.done():
            await processing.advance()
            if not late or any("are counted" in line for line in told):
                await world.deliver_all()
            await asyncio.sleep(0)
        return list(await moving)[1:]

    first = (
        "1,9,2026-01-10 10:00:00,kim@example.com\n2,2,2026-01-31 23:30:00,lee@example.com\n"
        "3,7,2026-02-03 10:00:00,bo@example.com\n3,7,2026-02-03 10:00:00,bo@example.com\n"
        "4,10,2099-02-04 10:00:00,ann@example.com\n"
    )
    january = "count in 2026-02 here, by the company's time zone"
    february = "counted in 2026-01 there, by another time zone"
    found = await moved(first)
    assert found[0] == f"2026-01           +0.0 n=2        +100.0 n=1  1 {january}"
    assert found[1] == f"2026-02           +0.0 n=2         -50.0 n=2  1 {february}; 1 stand there twice"
    assert found[2].startswith("2099-02         +100.0 n=1              none  1 refused: ")
    assert found[3].startswith("all              +20.0 n=5          +0.0 n=3")
    assert await moved(first) == found
    other = await moved("9,10,2026-01-12 10:00:00,ann@example.com\n")
    assert other[0] == (
        "2026-01         +100.0 n=1        +100.0 n=2  1 counted here, of files that were moved in before"
    )
    # The scorer is late: the answers of before are no reason to compare the file without its own.
    late = await moved(
        "21,3,2026-01-13 10:00:00,bo@example.com\n22,9,2026-01-14 10:00:00,cy@example.com\n", late=True
    )
    assert late[0] == (
        "2026-01           +0.0 n=2         +50.0 n=4  2 counted here, of files that were moved in before"
    )
    await services.close()
