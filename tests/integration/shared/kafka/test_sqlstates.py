"""What each kind of PostgreSQL's refusals does to the event that met it, and to its neighbours."""

from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy.exc import InvalidRequestError, NoResultFound
from support.eventually import eventually
from support.kernel_service import KernelService, Thing, a_kernel_service, keep_things, running, things
from support.stack import Postgres

from shared.db.database import UnitOfWork
from shared.errors import is_infrastructure_error
from shared.events.envelope import Event
from shared.kafka.kernel.dead_letters import decode_headers

# One or more of each class of PostgreSQL's appendix A, but success and warnings.
WAITS = [
    *(
        "08000",
        "08003",
        "08006",
        "25006",
        "26000",
        "42P05",
        "28000",
        "28P01",
        "3D000",
        "3F000",
        "40001",
        "40P01",
        "42501",
        "42703",
    ),
    *(
        "42P01",
        "53000",
        "53100",
        "53200",
        "53300",
        "55006",
        "55P03",
        "57000",
        "57014",
        "57P01",
        "57P02",
        "57P03",
    ),
    *("57P04", "58000", "58030", "XX001"),
]
EVENTS_OWN = [
    *(
        "03000",
        "09000",
        "0A000",
        "0B000",
        "0F000",
        "0L000",
        "0P000",
        "0Z000",
        "20000",
        "21000",
        "22000",
        "22003",
    ),
    *(
        "22021",
        "23502",
        "23505",
        "24000",
        "25001",
        "27000",
        "2B000",
        "2D000",
        "2F000",
        "34000",
        "38000",
    ),
    *(
        "39000",
        "3B000",
        "42601",
        "42725",
        "42804",
        "42883",
        "42P10",
        "44000",
        "54000",
        "54001",
        "55000",
        "F0000",
    ),
    *("HV000", "P0001", "XX000"),
]


@pytest.fixture(scope="module")
async def bench(kafka: str, postgres: Postgres) -> AsyncIterator[KernelService]:
    async with a_kernel_service(kafka, postgres) as bench:
        yield bench


async def refuse(uow: UnitOfWork, state: str) -> None:
    await uow.execute(f"DO $$ BEGIN RAISE EXCEPTION 'secret' USING ERRCODE = '{state}'; END $$")


async def sent(bench: KernelService, *more: Thing) -> int:
    """Send these; where the topic ends then."""
    before = await bench.position() or 0
    await bench.send(*more)
    return before + len(more)


async def test_a_fault_of_one_event_makes_it_a_dead_letter_and_the_others_count(
    bench: KernelService,
) -> None:
    async def handler(uow: UnitOfWork, events: Sequence[Event[Thing]]) -> None:
        for event in events:
            if event.data.colour != "red":
                await refuse(uow, event.data.colour)
        await keep_things(uow, events)

    bad = [Thing(id=f"bad-{state}", version=1, colour=state) for state in EVENTS_OWN]
    good = things(len(bad))
    end = await sent(bench, *(one for pair in zip(good, bad, strict=True) for one in pair))
    async with running(bench.consumer(handler)):
        await eventually(lambda: _at(bench, end), within=60)
    assert (await bench.tally())["red"] == len(good)
    letters = await bench.dead_letters()
    said = [str(decode_headers(letter.headers)) for letter in letters]
    assert [headers for headers in said if "secret" in headers] == []
    put_aside = b"".join(letter.value for letter in letters)
    assert [state for state in EVENTS_OWN if f"bad-{state}".encode() not in put_aside] == []
    assert len(letters) == len(bad)


async def test_what_an_operator_or_time_mends_is_retried_and_never_a_dead_letter(
    bench: KernelService,
) -> None:
    left = list(WAITS)
    before = len(await bench.dead_letters())

    async def handler(uow: UnitOfWork, events: Sequence[Event[Thing]]) -> None:
        if left:
            await refuse(uow, left.pop())
        await keep_things(uow, events)

    end = await sent(bench, *things(1, "blue", version=2))
    consumer = bench.consumer(handler)
    consumer._backoff.next = lambda: 0.0  # type: ignore[method-assign]
    async with running(consumer):
        await eventually(lambda: _at(bench, end), within=60)
    assert left == []
    assert (await bench.tally())["blue"] == 1
    assert len(await bench.dead_letters()) == before


@pytest.mark.parametrize(
    "error", [InvalidRequestError("of ours"), NoResultFound(), IsADirectoryError("Europe")]
)
def test_a_fault_of_our_code_is_not_retried(error: Exception) -> None:
    assert not is_infrastructure_error(error)


async def test_arguments_that_the_driver_refuses_are_the_events_fault(bench: KernelService) -> None:
    async def handler(uow: UnitOfWork, events: Sequence[Event[Thing]]) -> None:
        for event in events:
            if event.data.colour == "text":
                await uow.execute("SELECT CAST(:n AS bigint)", {"n": event.data.id})
            if event.data.colour == "many":
                names = [f"a{i}" for i in range(40_000)]
                await uow.execute(f"SELECT {', '.join(f':{n}' for n in names)}", dict.fromkeys(names, 1))
        await keep_things(uow, events)

    before = len(await bench.dead_letters())
    bad = [Thing(id=f"refused-{colour}", version=1, colour=colour) for colour in ("text", "many")]
    end = await sent(bench, *bad, *things(1, "green", version=3))
    async with running(bench.consumer(handler)):
        await eventually(lambda: _at(bench, end), within=60)
    assert (await bench.tally())["green"] == 1
    assert len(await bench.dead_letters()) == before + len(bad)


async def _at(bench: KernelService, offset: int) -> bool:
    return await bench.position() == offset
