"""How each tenant sends: test or live, stopped, to which test addresses, and who changed that."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from shared.db import UnitOfWork
from shared.ids import uuid7

_COLUMNS = "tenant, mode, stopped, test_addresses, placeholder_ids, changed_at"


async def of_tenants(uow: UnitOfWork, tenants: Sequence[str]) -> Sequence[Row[Any]]:
    """Those of the tenants that have changed anything; the others are in test mode without an address."""
    found = await uow.execute(
        f"SELECT {_COLUMNS} FROM sending WHERE tenant = ANY(CAST(:tenants AS text[]))",
        {"tenants": list(tenants)},
    )
    return found.all()


async def read(uow: UnitOfWork, tenant: str) -> Row[Any] | None:
    """How it stands, without waiting for anybody."""
    return (
        await uow.execute(f"SELECT {_COLUMNS} FROM sending WHERE tenant = :tenant", {"tenant": tenant})
    ).one_or_none()


async def hold(uow: UnitOfWork, tenant: str, *, change: bool) -> Row[Any]:
    """Lock it: to change it, or only so that nobody else does while we act on it."""
    locked = f"SELECT {_COLUMNS} FROM sending WHERE tenant = :tenant " + (
        "FOR UPDATE" if change else "FOR SHARE"
    )
    while (found := (await uow.execute(locked, {"tenant": tenant})).one_or_none()) is None:
        await uow.execute(
            "INSERT INTO sending (tenant, changed_at) VALUES (:tenant, :now) ON CONFLICT DO NOTHING",
            {"tenant": tenant, "now": uow.now},
        )
    return found


async def write(
    uow: UnitOfWork, tenant: str, *, mode: str, stopped: bool, test_addresses: Sequence[str]
) -> None:
    """How it is from now on."""
    await uow.execute(
        "UPDATE sending SET mode = :mode, stopped = :stopped, "
        "test_addresses = CAST(:test_addresses AS text[]), changed_at = :now WHERE tenant = :tenant",
        {
            "tenant": tenant,
            "mode": mode,
            "stopped": stopped,
            "test_addresses": list(test_addresses),
            "now": uow.now,
        },
    )


async def write_placeholder_ids(uow: UnitOfWork, tenant: str, ids: Sequence[str]) -> None:
    """Which customer ids stand for nobody from now on."""
    await uow.execute(
        "UPDATE sending SET placeholder_ids = CAST(:ids AS text[]) WHERE tenant = :tenant",
        {"tenant": tenant, "ids": list(ids)},
    )


async def log(uow: UnitOfWork, tenant: str, who: str, what: str) -> None:
    """Remember who changed what."""
    await uow.execute(
        "INSERT INTO sending_change (tenant, id, at, who, what) VALUES (:tenant, :id, :now, :who, :what)",
        {"tenant": tenant, "id": uuid7(), "now": uow.now, "who": who, "what": what},
    )


async def changes(uow: UnitOfWork, tenant: str, most: int = 10) -> Sequence[Row[Any]]:
    """The last changes, newest first."""
    found = await uow.execute(
        "SELECT id, at, who, what FROM sending_change WHERE tenant = :tenant ORDER BY id DESC LIMIT :most",
        {"tenant": tenant, "most": most},
    )
    return found.all()


async def last_change(uow: UnitOfWork, tenant: str, what: str) -> Row[Any] | None:
    """Who did this last, and when."""
    found = await uow.execute(
        "SELECT id, at, who, what FROM sending_change WHERE tenant = :tenant AND what = :what "
        "ORDER BY id DESC LIMIT 1",
        {"tenant": tenant, "what": what},
    )
    return found.one_or_none()


async def waiting(
    uow: UnitOfWork, tenant: str, within: Sequence[str], most: int, survey_id: UUID | None = None
) -> int:
    """How many mails wait, of these segments (all, when there are none), and of one survey where one is
    given; counted up to ``most``.
    """
    found = await uow.execute(
        "SELECT count(*) FROM (SELECT 1 FROM invitation i WHERE i.tenant = :tenant AND i.state = 'waiting' "
        "AND (CAST(:survey_id AS uuid) IS NULL OR i.survey_id = :survey_id) "
        "AND (CAST(:within AS text[]) = '{}' OR EXISTS (SELECT 1 FROM decision d WHERE d.tenant = i.tenant "
        "AND d.event_id = i.event_id AND d.segments && CAST(:within AS text[]))) LIMIT :most) w",
        {"tenant": tenant, "survey_id": survey_id, "within": list(within), "most": most},
    )
    return int(found.scalar_one())
