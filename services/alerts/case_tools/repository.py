"""``case_tool``: one row for each text block, attribute and link of a company."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.case_tools.domain import (
    CaseLink,
    CaseTool,
    ShownAttribute,
    TextBlock,
    ToolKind,
    kind_of,
)
from shared.db.database import UnitOfWork
from shared.db.locks import lock_name

DECODERS_BY_KIND: Mapping[ToolKind, msgspec.json.Decoder[Any]] = {
    "text_block": msgspec.json.Decoder(TextBlock),
    "attribute": msgspec.json.Decoder(ShownAttribute),
    "case_link": msgspec.json.Decoder(CaseLink),
}


async def lock_tools(uow: UnitOfWork, tenant: str) -> None:
    """Let nobody else change what this company has, until this transaction ends."""
    await lock_name(uow, "case tools", tenant)


LIST_TOOLS = """
    SELECT kind, id, CAST(body AS text) AS body FROM case_tool
    WHERE tenant = :tenant AND kind = ANY(CAST(:kinds AS text[]))
    ORDER BY kind, id
"""


async def list_tools(uow: UnitOfWork, tenant: str, *kinds: ToolKind) -> dict[UUID, CaseTool]:
    """All that a company has of these kinds, by id."""
    rows = await uow.execute(LIST_TOOLS, {"tenant": tenant, "kinds": list(kinds)})
    return {row.id: DECODERS_BY_KIND[row.kind].decode(row.body) for row in rows}


WRITE_TOOL = """
    INSERT INTO case_tool (tenant, kind, id, body)
    VALUES (:tenant, :kind, :id, CAST(CAST(:body AS text) AS jsonb))
    ON CONFLICT (tenant, kind, id) DO UPDATE SET body = EXCLUDED.body
"""


async def write_tool(uow: UnitOfWork, tenant: str, key: UUID, tool: CaseTool) -> None:
    """Add or replace one."""
    body = msgspec.json.encode(tool).decode()
    await uow.execute(WRITE_TOOL, {"tenant": tenant, "kind": kind_of(tool), "id": key, "body": body})


DELETE_TOOL = """
    DELETE FROM case_tool
    WHERE tenant = :tenant AND kind = :kind AND id = :id
    RETURNING id
"""


async def delete_tool(uow: UnitOfWork, tenant: str, kind: ToolKind, key: UUID) -> bool:
    """Delete one; False if there is none."""
    values = {"tenant": tenant, "kind": kind, "id": key}
    return (await uow.execute(DELETE_TOOL, values)).one_or_none() is not None


FIND_RECENT_EVENTS = """
    SELECT body FROM invitation
    WHERE tenant = :tenant
    ORDER BY id DESC
    LIMIT :limit
"""


class _AskedAbout(msgspec.Struct):
    """Of an invitation only the attributes of its event."""

    attributes: dict[str, msgspec.Raw] | None = None


_asked_about = msgspec.json.Decoder(_AskedAbout)


async def attributes_seen(uow: UnitOfWork, tenant: str, limit: int) -> list[str]:
    """The names of the attributes of the events that the newest invitations are about, without values."""
    rows = await uow.execute(FIND_RECENT_EVENTS, {"tenant": tenant, "limit": limit})
    found = (_asked_about.decode(row.body).attributes or {} for row in rows)
    return sorted({name for attributes in found for name in attributes}, key=str.casefold)
