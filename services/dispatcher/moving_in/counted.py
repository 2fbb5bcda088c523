"""What the scorer counts of the answers that were moved in: the figures that people see, not the file's."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from services.dispatcher.moving_in.vendors import VendorName
from shared.events.segments import segment_of
from shared.privacy.service_client import ServiceClient, read_answer

MOVED_IN_FROM = "moved_in_from"
"""The dimension by which answers that were moved in are told apart."""
PATIENCE_S = 60.0
"""For so long nothing more may be counted before the comparison is made of what is."""
LOOK_INTERVAL_S = 0.5
MonthCounts = Mapping[str, Sequence[int]]
"""How many answers there are with each score, by month."""
ReadMonths = Callable[[], Awaitable[MonthCounts]]


def months_of(services: ServiceClient, tenant: str, vendor: VendorName) -> ReadMonths:
    """How the scorer is asked; it raises ServiceUnavailable when it does not answer."""

    async def read() -> MonthCounts:
        claims = {"segment": segment_of(MOVED_IN_FROM, vendor)}
        body = await services.get_body("scorer", "months", purpose="months", tenant=tenant, claims=claims)
        return read_answer("scorer", body, dict[str, list[int]])

    return read


def total(months: MonthCounts) -> int:
    """How many answers there are in all."""
    return sum(map(sum, months.values()))


async def wait_until_counted(
    read: ReadMonths, wanted: int, tell: Callable[[str], None], patience_s: float = PATIENCE_S
) -> MonthCounts:
    """The counts, once the scorer has so many answers, or counts no more of them."""
    loop = asyncio.get_running_loop()
    before, since = -1, loop.time()
    while True:
        months = await read()
        counted = total(months)
        if counted != before:
            before, since = counted, loop.time()
        if counted >= wanted or loop.time() - since >= patience_s:
            return months
        tell(f"{counted} of {wanted} answers are counted")
        await asyncio.sleep(LOOK_INTERVAL_S)  # the scorer counts, in a process of its own
