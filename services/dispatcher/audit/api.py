"""The API of the log: who looked at or changed what."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.dispatcher.audit import repository
from services.dispatcher.audit.repository import AuditFilter
from services.dispatcher.audit.schemas import AuditLineOut, AuditList
from services.dispatcher.callers import CompanyAdminCaller, Limit
from services.dispatcher.context import OwnContext
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
from shared.http.instants import Instant
from shared.http.routes import CheckedRoute
from shared.privacy.audit import AUDIT_ACTS

router = APIRouter(prefix="/v1/audit", route_class=CheckedRoute)
MAX_SEARCHED_LENGTH = 300
_ACTS = ", ".join(f"`{act}`" for act in AUDIT_ACTS)


@router.get("", summary="Who looked at or changed what")
async def list_audit(
    caller: CompanyAdminCaller,
    context: OwnContext,
    who: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=MAX_SEARCHED_LENGTH,
            description="The name or the id of a colleague or a key; `the command line`: operators.",
        ),
    ] = None,
    act: Annotated[
        str | None,
        Query(min_length=1, max_length=MAX_SEARCHED_LENGTH, description=f"One of {_ACTS}."),
    ] = None,
    about: Annotated[
        str | None,
        Query(
            min_length=1, max_length=MAX_SEARCHED_LENGTH, description="What it was done to, as a line has it."
        ),
    ] = None,
    since: Annotated[Instant | None, Query(description="Only lines of this time or later.")] = None,
    until: Annotated[Instant | None, Query(description="Only lines before this time.")] = None,
    after: Annotated[str, Query(max_length=MAX_CURSOR_LENGTH, description="`next` of the page before.")] = "",
    limit: Limit = 100,
) -> AuditList:
    """Newest first. Lines are never changed, and are kept as long as `GET /v1/retention` says."""
    wanted = AuditFilter(who, act, about, since, until)
    async with context.database.reading() as uow:
        found = await repository.list_lines(uow, caller.tenant, wanted, decode_cursor(after), limit + 1)
    lines, more = cut_page(found, limit, lambda row: (row.at, row.id))
    return AuditList(lines=[AuditLineOut.of(row) for row in lines], next=more)
