"""``afterword tenant export``, ``leave`` and ``erasure``: commands that look into all databases."""

import asyncio
import os
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import BinaryIO

import msgspec

from services import SERVICES
from services.trigger.company_states import change_state
from services.trigger.errors import UnknownTenant, WrongState
from shared.cli.context import command_contexts
from shared.db.database import Database
from shared.diagnosis import describe
from shared.events import Tenant
from shared.privacy.audit import COMMAND_LINE, record_audit
from shared.privacy.company_export import MANIFEST, OwnRows, company_zip
from shared.service import Context, Service
from shared.tenancy.closed import find_closed
from shared.tenancy.tenants import find_tenant

DAYS_FOR_EXPORT = 1
"""Of a company that leaves without days of grace: as long as its export may take."""
KNOWN_WITHIN_S = 60.0
"""So long a service may take to hear that a company leaves."""
KNOWN_CHECK_INTERVAL_S = 0.2


class TenantNotLeaving(Exception):
    """The company cannot be exported or leave. The message says why, and what to do."""


class LeftWithoutExport(Exception):
    """The company leaves, and its export was not written. The message says why, and what to do."""

    def __init__(self, tenant: str, leaves_at: datetime, cause: BaseException) -> None:
        why = str(cause) if isinstance(cause, TenantNotLeaving) else f"{describe(cause)}."
        super().__init__(
            f"{tenant} leaves, but its export was not written: {why} Until "
            f"{leaves_at:%Y-%m-%d %H:%M} UTC `afterword tenant export {tenant} FILE.zip` writes it; "
            f"`afterword tenant stay {tenant}` takes all back."
        )


async def export_tenant(tenant: str, file: Path) -> int:
    """Write all of a company to a new ZIP file; returns how many rows.

    :raises TenantNotLeaving: when there is no such company, or the file cannot be written.
    """
    async with command_contexts(_all_services(), process="tenant-export") as contexts:
        async with _new_file(file) as opened:
            await _export(contexts, tenant, opened)
        return await asyncio.to_thread(_rows_in, file)


async def leave(tenant: str, file: Path | None, grace_days: int | None) -> datetime:
    """Let a company leave and then, if a file is given, export it, so that the export has all that came until
    then; returns from when on it is erased.

    The export begins when every service knows that the company leaves. What a service had begun before that
    may still be written meanwhile, and is in the export or not: transactions that run, and events of the
    company that are in an outbox or topic, such as the case for an answer that was given just before.

    :raises TenantNotLeaving: when there is no such company, it has left, the file cannot be written, or the
        company was changed while it was exported, so that it is not erased at once.
    :raises LeftWithoutExport: when it leaves, but could not be exported.
    """
    async with command_contexts(_all_services(), process="tenant-leave") as contexts:
        trigger = contexts[0].database
        if file is None:
            return await _close(trigger, tenant, grace_days)
        # Without days of grace it would be erased while it is exported: its day is moved afterwards.
        days = DAYS_FOR_EXPORT if grace_days == 0 else grace_days
        async with _new_file(file) as opened:
            leaves_at = await _close(trigger, tenant, days)
            try:
                await _wait_until_known(contexts, tenant)
                await _export(contexts, tenant, opened)
            except Exception as error:
                raise LeftWithoutExport(tenant, leaves_at, error) from error
        return await _erase_at_once(trigger, tenant, leaves_at) if grace_days == 0 else leaves_at


async def _close(trigger: Database, tenant: str, grace_days: int | None) -> datetime:
    """Let it leave; returns from when on it is erased."""
    try:
        company = await change_state(trigger, tenant, "leave", grace_days=grace_days)
    except UnknownTenant:
        raise TenantNotLeaving(_unknown(tenant)) from None
    except WrongState as error:
        raise TenantNotLeaving(f"This cannot be done: {error}.") from None
    assert company.leaves_at is not None  # noqa: S101  (for the type checker)
    return company.leaves_at


async def _erase_at_once(trigger: Database, tenant: str, leaves_at: datetime) -> datetime:
    """End the days of grace of a company that leaves at this time still; returns from when on it is erased.

    :raises TenantNotLeaving: when somebody has changed that.
    """
    try:
        company = await change_state(trigger, tenant, "leave", grace_days=0, moved_from=leaves_at)
    except WrongState as error:
        raise TenantNotLeaving(
            f"{tenant} is exported, but not erased: somebody changed when it leaves meanwhile ({error}). "
            f"Ask them; `afterword tenant leave {tenant} --no-export --grace-days 0` erases it."
        ) from None
    assert company.leaves_at is not None  # noqa: S101  (for the type checker)
    return company.leaves_at


async def _wait_until_known(contexts: list[Context], tenant: str) -> None:
    """Wait until every service knows that the company leaves.

    :raises TenantNotLeaving: when one of them does not hear of it in time.
    """
    ends = monotonic() + KNOWN_WITHIN_S
    while unaware := [context.service for context in contexts if not await _is_known(context, tenant)]:
        if monotonic() > ends:
            raise TenantNotLeaving(
                f"After {KNOWN_WITHIN_S:.0f} s these services did not know that it leaves: "
                f"{', '.join(unaware)}. See that their workers run, and that nobody took it back."
            )
        await asyncio.sleep(KNOWN_CHECK_INTERVAL_S)  # a service tells nobody what it has heard


async def _is_known(context: Context, tenant: str) -> bool:
    async with context.database.reading() as uow:
        company = await find_closed(uow, tenant)
    return company is not None and company.state != "paused"


async def erasures(tenant: str) -> dict[str, str]:
    """How far each service is with erasing a company, in words.

    :raises TenantNotLeaving: when there is no such company.
    """
    found = {}
    async with command_contexts(_all_services(), process="tenant-erasure") as contexts:
        async with contexts[0].database.reading() as uow:
            if await find_tenant(uow, tenant) is None:
                raise TenantNotLeaving(_unknown(tenant))
        for context in contexts:
            async with context.database.reading() as uow:
                company = await find_closed(uow, tenant)
            if company is None or company.state != "left":
                found[context.service] = "not to be erased"
            elif company.erased_at is None:
                found[context.service] = "not erased yet"
            else:
                looked = f", looked again {company.swept_at:%Y-%m-%d %H:%M}" if company.swept_at else ""
                found[context.service] = f"erased {company.erased_at:%Y-%m-%d %H:%M}{looked}"
    return found


@asynccontextmanager
async def _new_file(file: Path) -> AsyncIterator[BinaryIO]:
    """A new file, which is removed when something fails: a part of an export must not be taken for one.

    :raises TenantNotLeaving: when it is there already, or cannot be written.
    """
    try:
        opened = await asyncio.to_thread(open, file, "xb", opener=_for_owner)
    except FileExistsError:
        raise TenantNotLeaving(f"{file} is there already; name a new file.") from None
    except OSError as error:
        raise TenantNotLeaving(f"{file} cannot be written: {error.strerror}. Name another one.") from None
    try:
        with opened:
            yield opened
    except BaseException:
        await asyncio.to_thread(file.unlink)
        raise


async def _export(contexts: list[Context], tenant: str, opened: BinaryIO) -> None:
    trigger = contexts[0].database
    company = await _kept(trigger, tenant)

    async def confirm() -> None:
        await _kept(trigger, tenant)

    sources = {
        context.service: OwnRows(context.service, service.metadata, context.database, tenant)
        for context, service in zip(contexts, _all_services(), strict=True)
    }
    async for part in company_zip(tenant, company.name, sources, trigger.clock(), confirm=confirm):
        await asyncio.to_thread(opened.write, part)
    await asyncio.to_thread(opened.flush)
    async with trigger.transaction() as uow:
        record_audit(uow, tenant, COMMAND_LINE, "company_exported")


async def _kept(trigger: Database, tenant: str) -> Tenant:
    """The company, of which everything is kept still.

    :raises TenantNotLeaving: when there is none, or it has left.
    """
    async with trigger.reading() as uow:
        company = await find_tenant(uow, tenant)
    if company is None:
        raise TenantNotLeaving(_unknown(tenant))
    if company.state == "left":
        raise TenantNotLeaving(f"{tenant} has left, and nothing of it is kept.")
    return company


def _for_owner(path: str, flags: int) -> int:
    """Open a file that nobody else may read."""
    return os.open(path, flags, 0o600)


def _rows_in(file: Path) -> int:
    with zipfile.ZipFile(file) as archive:
        manifest = msgspec.json.decode(archive.read(MANIFEST))
    return sum(each["rows"] for each in manifest["files"])


def _all_services() -> list[Service]:
    """The trigger first."""
    from services.command import service  # noqa: PLC0415  (the command imports this module)

    return [service(name) for name in SERVICES]


def _unknown(tenant: str) -> str:
    return f"There is no tenant {tenant}; `afterword tenant list` shows those there are."
