"""Saving and deleting what colleagues work on cases with, by whichever door it is asked for."""

from uuid import UUID

import msgspec

from services.alerts.case_tools import repository
from services.alerts.case_tools.domain import (
    MAX_TOOLS_BY_KIND,
    CaseTool,
    ShownAttribute,
    ToolKind,
    kind_of,
)
from services.alerts.errors import SettingRefused, StaleForm
from services.alerts.staff.settings_acts import fingerprint
from shared.db.database import UnitOfWork
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Count, message


async def save_tool(
    uow: UnitOfWork, tenant: str, who: AuditActor, key: UUID, tool: CaseTool, *, seen: str | None = None
) -> None:
    """Add or replace one.

    :param seen: the fingerprint of what a form was rendered from; None: whatever it is by now.
    :raises StaleForm: when it has been changed since, unless to the same.
    :raises SettingRefused: when there are too many, or another one is about the same attribute.
    """
    kind = kind_of(tool)
    await repository.lock_tools(uow, tenant)
    there = await repository.list_tools(uow, tenant, kind)
    stored = there.pop(key, None)
    if seen is not None and tool_fingerprint(stored) != seen and stored != tool:
        raise StaleForm
    if stored is None and len(there) >= MAX_TOOLS_BY_KIND[kind]:
        most = Count(MAX_TOOLS_BY_KIND[kind])
        raise SettingRefused("/name", message("There are %(most)s already. Delete one of them.", most=most))
    if isinstance(tool, ShownAttribute) and any(
        isinstance(one, ShownAttribute) and one.attribute == tool.attribute for one in there.values()
    ):
        raise SettingRefused("/attribute", message("This attribute is in the list already. Change it there."))
    await repository.write_tool(uow, tenant, key, tool)
    record_audit(uow, tenant, who, kind, str(key))


async def remove_tool(uow: UnitOfWork, tenant: str, who: AuditActor, kind: ToolKind, key: UUID) -> bool:
    """Delete one; False if there is none."""
    if not await repository.delete_tool(uow, tenant, kind, key):
        return False
    record_audit(uow, tenant, who, kind, str(key), deleted=True)
    return True


def tool_fingerprint(tool: CaseTool | None) -> str:
    """What a form was rendered from; empty: there was nothing yet."""
    return fingerprint(msgspec.to_builtins(tool)) if tool is not None else ""
