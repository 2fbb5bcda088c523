"""``afterword tenant export``, ``leave`` and ``erasure``: commands that look into all databases."""

import asyncio
import os
import zipfile
from datetime import datetime
from pathlib import Path

import msgspec

from services import SERVICES
from services.trigger.company_states import change_state
from services.trigger.errors import UnknownTenant, WrongState
from shared.cli.context import command_contexts
from shared.privacy.audit import COMMAND_LINE, record_audit
from shared.privacy.company_export import MANIFEST, OwnRows, company_zip
from shared.service import Context, Service
from shared.tenancy.closed import find_closed
from shared.tenancy.tenants import find_tenant


class TenantNotLeaving(Exception):
    """The company cannot be exported or leave. The message says why, and what to do."""


async def export_tenant(tenant: str, file: Path) -> int:
    """Write all of a company to a new ZIP file; returns how many rows.

    :raises TenantNotLeaving: when there is no such company, or the file is there already.
    """
    async with command_contexts(_all_services(), process="tenant-export") as contexts:
        return await _export(contexts, tenant, file)


async def leave(tenant: str, file: Path | None, grace_days: int | None) -> datetime:
    """Export a company, if a file is given, and let it leave; returns from when on it is erased.

    :raises TenantNotLeaving: when there is no such company, or it has left; or as ``export_tenant`` does.
    """
    async with command_contexts(_all_services(), process="tenant-leave") as contexts:
        if file is not None:
            await _export(contexts, tenant, file)
        try:
            company = await change_state(contexts[0].database, tenant, "leave", grace_days=grace_days)
        except UnknownTenant:
            raise TenantNotLeaving(_unknown(tenant)) from None
        except WrongState as error:
            raise TenantNotLeaving(f"This cannot be done: {error}.") from None
    if company.leaves_at is None:
        raise TenantNotLeaving(f"{tenant} has no day on which it leaves.")
    return company.leaves_at


async def erasures(tenant: str) -> dict[str, str]:
    """How far each service is with erasing a company, in words."""
    found = {}
    async with command_contexts(_all_services(), process="tenant-erasure") as contexts:
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


async def _export(contexts: list[Context], tenant: str, file: Path) -> int:
    trigger = contexts[0].database
    async with trigger.reading() as uow:
        company = await find_tenant(uow, tenant)
    if company is None or company.state == "left":
        raise TenantNotLeaving(_unknown(tenant))
    sources = {
        context.service: OwnRows(context.service, service.metadata, context.database, tenant)
        for context, service in zip(contexts, _all_services(), strict=True)
    }
    try:
        opened = await asyncio.to_thread(open, file, "xb", opener=_for_owner)
    except FileExistsError:
        raise TenantNotLeaving(f"{file} is there already; name a new file.") from None
    try:
        with opened:
            async for part in company_zip(tenant, company.name, sources, trigger.clock()):
                await asyncio.to_thread(opened.write, part)
    except BaseException:
        await asyncio.to_thread(file.unlink)  # a part of an export must not be taken for one
        raise
    async with trigger.transaction() as uow:
        record_audit(uow, tenant, COMMAND_LINE, "company_exported")
    return await asyncio.to_thread(_rows_in, file)


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
