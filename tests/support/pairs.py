"""Pairs of dimensions: declare them, have the loop walk, and forget them."""

from collections.abc import Sequence

from services.scorer.access import SegmentAccess
from services.scorer.noted_counts import NotedCounter
from services.scorer.pair_names import SegmentPair, with_pairs, without_pairs
from services.scorer.pairs.filling import PairFilling
from services.scorer.pairs.pair_commands import declare_pair, remove_pair
from services.scorer.pairs.repository import list_pairs
from shared.db.database import Database
from shared.health import Health
from shared.ids import uuid7
from shared.privacy.audit import AuditActor
from shared.tenancy import find_tenant

SOMEBODY = AuditActor(kind="key", id="k", name="test")


async def declare(database: Database, first: str, second: str, tenant: str = "acme") -> None:
    """Declare a pair; the loop has not walked yet."""
    async with database.transaction() as uow:
        company = await find_tenant(uow, tenant)
        assert company is not None
        access = SegmentAccess(company.people, "admin")
        await declare_pair(uow, company, access, SOMEBODY, uuid7(), first=first, second=second)


async def remove_all(database: Database, tenant: str = "acme") -> None:
    """Remove every pair; the loop has not walked yet."""
    async with database.transaction() as uow:
        company = await find_tenant(uow, tenant)
        assert company is not None
        access = SegmentAccess(company.people, "admin")
        for each in await list_pairs(uow, tenant):
            await remove_pair(uow, company, access, SOMEBODY, each.declared.id)


async def walk(database: Database, limit: int = 1000, steps: int = 10_000) -> None:
    """Have the loop walk, to the end or so many steps, and what it notes be counted."""
    filling, noted = PairFilling(database, Health("scorer"), limit), NotedCounter(database, Health("scorer"))
    for _ in range(steps):
        waits = await filling.step()
        while await noted.step() == 0:
            pass
        if waits is None:
            return


async def fill(database: Database, *pairs: tuple[str, str], tenant: str = "acme") -> None:
    """Declare pairs, and have them filled."""
    for first, second in pairs:
        await declare(database, first, second, tenant)
    await walk(database)
    assert await states(database, tenant) == ["ready"] * len(pairs)


async def states(database: Database, tenant: str = "acme") -> list[str]:
    """Of each pair, by name."""
    async with database.reading() as uow:
        return [each.declared.state for each in await list_pairs(uow, tenant)]


async def set_used(database: Database, *, used: bool) -> None:
    """Let pairs that are ready be read, or not: then pages read the answers, as without them."""
    state, before = ("ready", "filling") if used else ("filling", "ready")
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE segment_pair SET state = :state WHERE state = :before", {"state": state, "before": before}
        )


async def rows_that_differ(database: Database, pairs: Sequence[SegmentPair]) -> list[object]:
    """The answers and invitations of acme whose segments of pairs are not those of their other segments."""
    found: list[object] = []
    async with database.reading() as uow:
        for table in ("answer", "invitation"):
            for row in await uow.execute(f"SELECT id, segments FROM {table} WHERE tenant = 'acme'"):
                wanted = with_pairs(without_pairs(row.segments), pairs)
                if sorted(wanted) != sorted(row.segments) or len(set(row.segments)) != len(row.segments):
                    found.append(row)
    return found
