"""Text blocks, attributes and links for programs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path

from services.alerts.case_tools.domain import CaseTool, ToolKind
from services.alerts.case_tools.for_cases import attributes_of, links_of, text_blocks_of
from services.alerts.case_tools.schemas import (
    AttributeAnswer,
    AttributeBody,
    AttributeList,
    CaseLinkAnswer,
    CaseLinkBody,
    CaseLinkList,
    TextBlockAnswer,
    TextBlockBody,
    TextBlockList,
)
from services.alerts.case_tools.tool_commands import remove_tool, save_tool
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SettingRefused
from services.alerts.rules.callers import SetupAdmin, SetupReader
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.permissions import ASSIGNING_ROLES, CASE_ROLES, EVERY_SCOPE
from shared.privacy.audit import AuditActor

router = APIRouter(prefix="/v1", tags=["cases"], route_class=CheckedRoute)
BlockReader = Annotated[Caller, Depends(staff_or_key("cases:read", *CASE_ROLES))]
BlockWriter = Annotated[Caller, Depends(staff_or_key(EVERY_SCOPE, *ASSIGNING_ROLES))]
BlockId = Annotated[UUID, Path(description="The text block's id: a UUID of your own.")]
AttributeId = Annotated[UUID, Path(description="The id of the entry about an attribute: a UUID of your own.")]
LinkId = Annotated[UUID, Path(description="The link's id: a UUID of your own.")]


@router.get("/text-blocks", summary="List the text blocks")
async def list_text_blocks(context: OwnContext, caller: BlockReader) -> TextBlockList:
    async with context.database.reading() as uow:
        found = await text_blocks_of(uow, caller.tenant)
    return TextBlockList(text_blocks=[TextBlockAnswer.of(key, one) for key, one in found])


@router.put("/text-blocks/{block}", summary="Add or replace a text block")
async def write_text_block(
    context: OwnContext, caller: BlockWriter, block: BlockId, body: TextBlockBody
) -> TextBlockAnswer:
    """Everybody who works on cases inserts it from then on; what was written with it before stays."""
    tool = body.tool()
    await _save(context, caller, block, tool)
    return TextBlockAnswer.of(block, tool)


@router.delete("/text-blocks/{block}", status_code=204, summary="Delete a text block")
async def delete_text_block(context: OwnContext, caller: BlockWriter, block: BlockId) -> None:
    """What was written with it stays."""
    await _remove(context, caller, "text_block", block)


@router.get("/attributes", summary="List how attributes are shown")
async def list_attributes(context: OwnContext, caller: SetupReader) -> AttributeList:
    async with context.database.reading() as uow:
        found = await attributes_of(uow, caller.tenant)
    return AttributeList(attributes=[AttributeAnswer.of(key, one) for key, one in found])


@router.put("/attributes/{entry}", summary="Say how an attribute is shown")
async def write_attribute(
    context: OwnContext, caller: SetupAdmin, entry: AttributeId, body: AttributeBody
) -> AttributeAnswer:
    """It holds for the cases of all events, those of before included. An attribute has one entry at most."""
    tool = body.tool()
    await _save(context, caller, entry, tool)
    return AttributeAnswer.of(entry, tool)


@router.delete("/attributes/{entry}", status_code=204, summary="Show an attribute as it is")
async def delete_attribute(context: OwnContext, caller: SetupAdmin, entry: AttributeId) -> None:
    """It is shown again by its name in the events."""
    await _remove(context, caller, "attribute", entry)


@router.get("/case-links", summary="List the links from cases into your systems")
async def list_case_links(context: OwnContext, caller: SetupReader) -> CaseLinkList:
    async with context.database.reading() as uow:
        found = await links_of(uow, caller.tenant)
    return CaseLinkList(case_links=[CaseLinkAnswer.of(key, one) for key, one in found])


@router.put("/case-links/{link}", summary="Add or replace a link")
async def write_case_link(
    context: OwnContext, caller: SetupAdmin, link: LinkId, body: CaseLinkBody
) -> CaseLinkAnswer:
    """Each case shows it, as far as it has what the link needs. We never open it."""
    tool = body.tool()
    await _save(context, caller, link, tool)
    return CaseLinkAnswer.of(link, tool)


@router.delete("/case-links/{link}", status_code=204, summary="Delete a link")
async def delete_case_link(context: OwnContext, caller: SetupAdmin, link: LinkId) -> None:
    """No case shows it any more."""
    await _remove(context, caller, "case_link", link)


async def _save(context: AlertsContext, caller: Caller, key: UUID, tool: CaseTool) -> None:
    try:
        async with context.database.transaction() as uow:
            await save_tool(uow, caller.tenant, AuditActor.of(caller), key, tool)
    except SettingRefused as refused:
        raise Problem(422, errors=[FieldFault(field=refused.field, detail=refused.remedy)]) from None


async def _remove(context: AlertsContext, caller: Caller, kind: ToolKind, key: UUID) -> None:
    async with context.database.transaction() as uow:
        if not await remove_tool(uow, caller.tenant, AuditActor.of(caller), kind, key):
            raise Problem(404)
