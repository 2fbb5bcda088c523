"""A database whose disk is full: it is reported, nothing is lost, and all goes on when there is space."""

from sqlalchemy import text
from support.eventually import eventually
from support.kernel_service import KernelService, Thing, a_kernel_service, running
from support.stack import Postgres

FULL = """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"""


async def test_a_full_disk_is_waited_out(kafka: str, postgres: Postgres) -> None:
    async with a_kernel_service(kafka, postgres) as bench:
        async with bench.database.engine.begin() as connection:
            await connection.execute(text(FULL))
            await connection.execute(
                text("CREATE TRIGGER full_disk BEFORE INSERT ON tally EXECUTE FUNCTION full_disk()")
            )
        async with running(bench.consumer()):
            await bench.send(Thing(id="a", version=1, colour="red"))
            await eventually(lambda: "disk of the database is full" in "".join(bench.health.unready()))
            assert (await bench.tally(), await bench.position()) == ({}, 0)
            async with bench.database.engine.begin() as connection:
                await connection.execute(text("DROP TRIGGER full_disk ON tally"))
            await eventually(lambda: counted(bench), within=20)
            await eventually(lambda: not bench.health.unready())
        assert await bench.dead_letters() == []


async def counted(bench: KernelService) -> bool:
    return await bench.tally() == {"red": 1}
