"""The settings pages of text blocks, of attributes, and of links: all of them, and one to change or delete.

The three have the same routes; they differ in their forms, and in who may use them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.alerts.case_tools.domain import CaseTool, ToolKind
from services.alerts.case_tools.for_cases import attributes_of, links_of, text_blocks_of
from services.alerts.case_tools.forms import faults_of_tool, form_of_tool, tool_of_form
from services.alerts.case_tools.repository import attributes_seen, list_tools
from services.alerts.case_tools.tool_commands import remove_tool, save_tool, tool_fingerprint
from services.alerts.case_tools.views import CaseToolPage, CaseToolsPage, ToolLine, name_of_tool
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SettingRefused, StaleForm
from services.alerts.staff.settings_frame import settings_frame
from shared.db.database import UnitOfWork
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts, uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.ids import uuid7
from shared.pages.language import reader_locale, spoken
from shared.permissions import ADMIN, ASSIGNING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message

Did = Annotated[str, Query(max_length=40)]
EVENTS_LOOKED_AT = 200
"""The newest ones, for the attributes that they have."""
CONFIRMATIONS = {
    "saved": message("Saved. Cases have it from now on."),
    "deleted": message("It is deleted."),
}
MADE_ALREADY = message("Another one was made by this form already. Save it once more for one of its own.")
CHANGED = message("Not saved: somebody changed it meanwhile. This is how it stands now.")


@dataclass(frozen=True, kw_only=True)
class ToolPages:
    """The pages of one kind."""

    kind: ToolKind
    address: str
    editors: signed_in

    def router(self) -> APIRouter:
        """Their routes."""
        router = APIRouter(prefix=self.address, include_in_schema=False, route_class=CheckedRoute)
        editors = self.editors

        @router.get("")
        async def show_all(
            request: Request, staff: Annotated[Staff, Depends(editors)], context: OwnContext, did: Did = ""
        ) -> Response:
            """All that the company has."""
            return await self._list(request, staff, context, did=did)

        @router.post("")
        async def make(
            request: Request, staff: Annotated[Staff, Depends(editors)], _: CsrfChecked, context: OwnContext
        ) -> Response:
            """Make one; the form carries its id, so that it is made once."""
            return await self._make(request, staff, context)

        @router.get("/{tool}")
        async def show_one(
            tool: UUID,
            request: Request,
            staff: Annotated[Staff, Depends(editors)],
            context: OwnContext,
            did: Did = "",
        ) -> Response:
            """One of them."""
            return await self._show(request, staff, context, tool, did=did)

        @router.post("/{tool}")
        async def change(
            tool: UUID,
            request: Request,
            staff: Annotated[Staff, Depends(editors)],
            _: CsrfChecked,
            context: OwnContext,
        ) -> Response:
            """Save what was typed, or delete it."""
            return await self._change(request, staff, context, tool)

        return router

    async def _make(self, request: Request, staff: Staff, context: AlertsContext) -> Response:
        form = await read_texts(request)
        key = uuid_of(form.get("new_id", ""))
        try:
            await self._save(context, staff, key, form, seen="")
        except (ValidationError, SettingRefused) as error:
            faults = faults_of_tool(error, form)
            return await self._list(request, staff, context, form=form, faults=faults, status=422)
        except StaleForm:
            first = "attribute" if self.kind == "attribute" else "name"
            again, faults = {**form, "new_id": ""}, {first: spoken(MADE_ALREADY)}
            return await self._list(request, staff, context, form=again, faults=faults, status=409)
        return RedirectResponse(f"{self.address}?did=saved", 303)

    async def _change(self, request: Request, staff: Staff, context: AlertsContext, key: UUID) -> Response:
        form, who = await read_texts(request), AuditActor.of_staff(staff)
        if form.get("act") == "delete":
            async with context.database.transaction() as uow:
                if not await remove_tool(uow, staff.tenant, who, self.kind, key):
                    raise Problem(404)
            return RedirectResponse(f"{self.address}?did=deleted", 303)
        await self._stored(context, staff, key)
        try:
            await self._save(context, staff, key, form, seen=form.get("drawn") or None)
        except (ValidationError, SettingRefused) as error:
            faults = faults_of_tool(error, form)
            return await self._show(request, staff, context, key, form=form, faults=faults, status=422)
        except StaleForm:
            return await self._show(request, staff, context, key, refusal=spoken(CHANGED), status=409)
        return RedirectResponse(f"{self.address}/{key}?did=saved", 303)

    async def _save(
        self, context: AlertsContext, staff: Staff, key: UUID, form: Mapping[str, str], *, seen: str | None
    ) -> None:
        tool = tool_of_form(self.kind, form)
        async with context.database.transaction() as uow:
            await save_tool(uow, staff.tenant, AuditActor.of_staff(staff), key, tool, seen=seen)

    async def _stored(self, context: AlertsContext, staff: Staff, key: UUID) -> CaseTool:
        async with context.database.reading() as uow:
            found = (await list_tools(uow, staff.tenant, self.kind)).get(key)
        if found is None:
            raise Problem(404)
        return found

    async def _list(
        self,
        request: Request,
        staff: Staff,
        context: AlertsContext,
        *,
        did: str = "",
        form: Mapping[str, str] | None = None,
        faults: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        async with context.database.reading() as uow:
            frame = await settings_frame(uow, staff)
            lines = [ToolLine.of(key, tool) for key, tool in await _ordered(uow, staff.tenant, self.kind)]
            seen = await self._seen(uow, staff)
        page = CaseToolsPage(
            kind=self.kind,
            address=self.address,
            lines=lines,
            new_id=(form or {}).get("new_id") or str(uuid7()),
            form=form or {"language": reader_locale().language, "shown": "on"},
            faults=faults or {},
            seen=[name for name in seen if name not in {line.name for line in lines}],
            done=spoken(CONFIRMATIONS.get(did, "")),
        )
        return context.pages.page(request, page, staff=staff, frame=frame, status_code=status)

    async def _show(
        self,
        request: Request,
        staff: Staff,
        context: AlertsContext,
        key: UUID,
        *,
        did: str = "",
        form: Mapping[str, str] | None = None,
        faults: Mapping[str, str] | None = None,
        refusal: str = "",
        status: int = 200,
    ) -> Response:
        stored = await self._stored(context, staff, key)
        async with context.database.reading() as uow:
            frame = await settings_frame(uow, staff)
            seen = await self._seen(uow, staff)
        page = CaseToolPage(
            kind=self.kind,
            address=self.address,
            id=key,
            name=name_of_tool(stored),
            drawn=form.get("drawn", "") if form is not None else tool_fingerprint(stored),
            refusal=refusal,
            form=form if form is not None else form_of_tool(stored),
            faults=faults or {},
            seen=seen,
            done=spoken(CONFIRMATIONS.get(did, "")),
        )
        return context.pages.page(request, page, staff=staff, frame=frame, status_code=status)

    async def _seen(self, uow: UnitOfWork, staff: Staff) -> list[str]:
        """The attributes to choose from."""
        if self.kind != "attribute":
            return []
        return await attributes_seen(uow, staff.tenant, EVENTS_LOOKED_AT)


async def _ordered(uow: UnitOfWork, tenant: str, kind: ToolKind) -> list[tuple[UUID, CaseTool]]:
    match kind:
        case "text_block":
            return [*await text_blocks_of(uow, tenant)]
        case "attribute":
            return [*await attributes_of(uow, tenant)]
        case "case_link":
            return [*await links_of(uow, tenant)]


_administrators = signed_in(ADMIN, whole_company=True)
PAGES = (
    ToolPages(kind="text_block", address="/settings/text-blocks", editors=signed_in(*ASSIGNING_ROLES)),
    ToolPages(kind="attribute", address="/settings/attributes", editors=_administrators),
    ToolPages(kind="case_link", address="/settings/case-links", editors=_administrators),
)
ROUTERS = tuple(pages.router() for pages in PAGES)
