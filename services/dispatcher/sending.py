"""How a tenant sends, and the few acts that change it: each is logged with who did it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Row

from services.dispatcher import surveys
from services.dispatcher.domain import Mode, Sending
from services.dispatcher.repository import sending as rows
from services.dispatcher.repository.surveys import touch_all
from shared.db import UnitOfWork
from shared.values.addresses import canonical_address
from shared.values.customer_ids import folded_customer_id

Change = Literal["went live", "went back to test mode", "stopped all sending", "started sending again"]
STOPPED: Change = "stopped all sending"


def of_row(row: Row[Any] | None) -> Sending:
    """Who has changed nothing is in test mode and has no test address."""
    if row is None:
        return Sending()
    # Earlier versions stored another form of some addresses.
    listed = frozenset(map(canonical_address, row.test_addresses))
    return Sending(
        mode=row.mode,
        stopped=row.stopped,
        test_addresses=listed,
        placeholder_ids=frozenset(row.placeholder_ids),
    )


async def state_of(uow: UnitOfWork, tenant: str) -> Sending:
    """How the tenant sends."""
    return of_row(await rows.read(uow, tenant))


async def states_of(uow: UnitOfWork, tenants: Sequence[str]) -> Mapping[str, Sending]:
    """How those tenants send that have ever changed it."""
    return {row.tenant: of_row(row) for row in await rows.of_tenants(uow, tenants)}


class Changed(Exception):
    """Somebody has changed how the company sends since it was read."""


async def version_of(uow: UnitOfWork, tenant: str) -> str:
    """Which change was the last: a page that was drawn before another one shows what is no longer so."""
    newest = await rows.changes(uow, tenant, 1)
    return str(newest[0].id) if newest else "0"


async def set_mode(uow: UnitOfWork, tenant: str, who: str, mode: Mode, *, seen: str | None = None) -> bool:
    """Go live, or back to test mode; False when it was so already.

    :raises Changed: when ``seen`` is given and is no longer the version.
    """
    now = await _held(uow, tenant, seen)
    if now.mode == mode:
        return False
    change: Change = "went live" if mode == "live" else "went back to test mode"
    await _write(uow, tenant, who, change, mode=mode, stopped=now.stopped, addresses=now.test_addresses)
    await _say(uow, tenant)
    return True


async def set_stopped(
    uow: UnitOfWork, tenant: str, who: str, *, stopped: bool, seen: str | None = None
) -> bool:
    """Stop all sending, or start it again; False when it was so already.

    :raises Changed: when ``seen`` is given and is no longer the version.
    """
    now = await _held(uow, tenant, seen)
    if now.stopped == stopped:
        return False
    change: Change = STOPPED if stopped else "started sending again"
    await _write(uow, tenant, who, change, mode=now.mode, stopped=stopped, addresses=now.test_addresses)
    await _say(uow, tenant)
    return True


async def set_test_addresses(
    uow: UnitOfWork, tenant: str, who: str, addresses: Iterable[str], *, seen: str | None = None
) -> bool:
    """List exactly these test addresses; False when they were listed already.

    :raises Changed: when ``seen`` is given and is no longer the version.
    """
    wanted = frozenset(map(canonical_address, addresses))
    now = await _held(uow, tenant, seen)
    if now.test_addresses == wanted:
        return False
    what = f"set the test addresses ({len(wanted)})"
    await _write(uow, tenant, who, what, mode=now.mode, stopped=now.stopped, addresses=wanted)
    return True


async def add_test_address(uow: UnitOfWork, tenant: str, who: str, address: str) -> bool:
    """List one more test address."""
    now = of_row(await rows.hold(uow, tenant, change=True))
    return await set_test_addresses(uow, tenant, who, {*now.test_addresses, address})


async def set_placeholder_ids(uow: UnitOfWork, tenant: str, who: str, ids: Iterable[str]) -> bool:
    """List exactly these customer ids as standing for nobody; False when they were listed already."""
    wanted = frozenset(map(folded_customer_id, ids))
    now = of_row(await rows.hold(uow, tenant, change=True))
    if now.placeholder_ids == wanted:
        return False
    await rows.write_placeholder_ids(uow, tenant, sorted(wanted))
    await rows.log(uow, tenant, who, f"set the customer ids that stand for nobody ({len(wanted)})")
    return True


async def change_placeholder_id(
    uow: UnitOfWork, tenant: str, who: str, customer_id: str, *, add: bool
) -> bool:
    """List one more, or one less; False when it was so already."""
    now = of_row(await rows.hold(uow, tenant, change=True)).placeholder_ids
    one = {folded_customer_id(customer_id)}
    return await set_placeholder_ids(uow, tenant, who, now | one if add else now - one)


async def _held(uow: UnitOfWork, tenant: str, seen: str | None) -> Sending:
    """How it stands, locked to be changed."""
    row = await rows.hold(uow, tenant, change=True)
    if seen is not None and seen != await version_of(uow, tenant):
        raise Changed
    return of_row(row)


async def _write(
    uow: UnitOfWork, tenant: str, who: str, what: str, *, mode: Mode, stopped: bool, addresses: Iterable[str]
) -> None:
    await rows.write(uow, tenant, mode=mode, stopped=stopped, test_addresses=sorted(addresses))
    await rows.log(uow, tenant, who, what)


async def _say(uow: UnitOfWork, tenant: str) -> None:
    """Each survey says whether its tenant is in test mode and stopped, so all of them are said again."""
    await touch_all(uow, tenant)
    await surveys.say(uow, tenant)
