"""How a tenant sends, and the few acts that change it: each is logged with who did it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Row

from services.dispatcher.decisions.domain import Sending, SendingMode
from services.dispatcher.sending.sending_commands import repository as rows
from services.dispatcher.surveys.repository import touch_all
from services.dispatcher.surveys.survey_commands import survey_commands
from shared.db import UnitOfWork
from shared.values.addresses import canonical
from shared.values.customer_ids import folded

Change = Literal["went live", "went back to test mode", "stopped all sending", "started sending again"]
STOPPED: Change = "stopped all sending"


def sending_from(row: Row[Any] | None) -> Sending:
    """Who has changed nothing is in test mode and has no test address."""
    if row is None:
        return Sending()
    # Earlier versions stored another form of some addresses.
    listed = frozenset(map(canonical, row.test_addresses))
    return Sending(
        mode=row.mode,
        stopped=row.stopped,
        test_addresses=listed,
        placeholder_ids=frozenset(row.placeholder_ids),
    )


async def find_sending(uow: UnitOfWork, tenant: str) -> Sending:
    """How the tenant sends."""
    return sending_from(await rows.read(uow, tenant))


async def find_sendings(uow: UnitOfWork, tenants: Sequence[str]) -> Mapping[str, Sending]:
    """How those tenants send that have ever changed it."""
    return {row.tenant: sending_from(row) for row in await rows.of_tenants(uow, tenants)}


class SendingChanged(Exception):
    """Somebody has changed how the company sends since it was read."""


async def sending_version(uow: UnitOfWork, tenant: str) -> str:
    """Which change was the last: a page that was drawn before another one shows what is no longer so."""
    newest = await rows.changes(uow, tenant, 1)
    return str(newest[0].id) if newest else "0"


async def set_mode(
    uow: UnitOfWork, tenant: str, who: str, mode: SendingMode, *, seen: str | None = None
) -> bool:
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
    wanted = frozenset(map(canonical, addresses))
    now = await _held(uow, tenant, seen)
    if now.test_addresses == wanted:
        return False
    what = f"set the test addresses ({len(wanted)})"
    await _write(uow, tenant, who, what, mode=now.mode, stopped=now.stopped, addresses=wanted)
    return True


async def add_test_address(uow: UnitOfWork, tenant: str, who: str, address: str) -> bool:
    """List one more test address."""
    now = sending_from(await rows.hold(uow, tenant, change=True))
    return await set_test_addresses(uow, tenant, who, {*now.test_addresses, address})


async def set_placeholder_ids(uow: UnitOfWork, tenant: str, who: str, ids: Iterable[str]) -> bool:
    """List exactly these customer ids as standing for nobody; False when they were listed already."""
    wanted = frozenset(map(folded, ids))
    now = sending_from(await rows.hold(uow, tenant, change=True))
    if now.placeholder_ids == wanted:
        return False
    await rows.write_placeholder_ids(uow, tenant, sorted(wanted))
    await rows.log(uow, tenant, who, f"set the customer ids that stand for nobody ({len(wanted)})")
    return True


async def change_placeholder_id(
    uow: UnitOfWork, tenant: str, who: str, customer_id: str, *, add: bool
) -> bool:
    """List one more, or one less; False when it was so already."""
    now = sending_from(await rows.hold(uow, tenant, change=True)).placeholder_ids
    one = {folded(customer_id)}
    return await set_placeholder_ids(uow, tenant, who, now | one if add else now - one)


async def _held(uow: UnitOfWork, tenant: str, seen: str | None) -> Sending:
    """How it stands, locked to be changed."""
    row = await rows.hold(uow, tenant, change=True)
    if seen is not None and seen != await sending_version(uow, tenant):
        raise SendingChanged
    return sending_from(row)


async def _write(
    uow: UnitOfWork,
    tenant: str,
    who: str,
    what: str,
    *,
    mode: SendingMode,
    stopped: bool,
    addresses: Iterable[str],
) -> None:
    await rows.write(uow, tenant, mode=mode, stopped=stopped, test_addresses=sorted(addresses))
    await rows.log(uow, tenant, who, what)


async def _say(uow: UnitOfWork, tenant: str) -> None:
    """Each survey says whether its tenant is in test mode and stopped, so all of them are said again."""
    await touch_all(uow, tenant)
    await survey_commands.publish_surveys(uow, tenant)
