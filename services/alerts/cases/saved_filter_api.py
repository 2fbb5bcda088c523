"""The lists that a person has saved, for programs that work with that person's session."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.alerts.cases.forms import ListFilter
from services.alerts.cases.repository.saved_filters import delete_saved_filter
from services.alerts.cases.saved_filters import MAX_NAME_CHARS, SavedFilter, save_filter, saved_filters
from services.alerts.context import OwnContext
from services.alerts.errors import SettingRefused
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.permissions import CASE_ROLES
from shared.values.messages import message

router = APIRouter(prefix="/v1/saved-filters", tags=["cases"], route_class=CheckedRoute)
FilterId = Annotated[UUID, Path(description="The list's id: a UUID of your own.")]


CaseReader = Annotated[Caller, Depends(staff_or_key("cases:read", *CASE_ROLES))]


class ListFilterBody(ListFilter):
    """Which cases: as the address of the inbox says it."""

    model_config = ConfigDict(extra="forbid")


class SavedFilterBody(BaseModel):
    """A list under a name. It never names a customer, nor what one wrote."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]
    filter: ListFilterBody


class SavedFilterOut(BaseModel):
    """A saved list."""

    id: UUID
    name: str
    filter: ListFilter

    @classmethod
    def of(cls, saved: SavedFilter) -> "SavedFilterOut":
        """The answer about one."""
        return cls(id=saved.id, name=saved.name, filter=saved.filter)


class SavedFilterList(BaseModel):
    """All of a person, by name."""

    saved_filters: list[SavedFilterOut]


@router.get("", summary="List the lists of cases that you have saved")
async def list_saved_filters(context: OwnContext, caller: CaseReader) -> SavedFilterList:
    """A key is no person, and has none."""
    staff = caller.staff
    if staff is None:
        return SavedFilterList(saved_filters=[])
    async with context.database.reading() as uow:
        found = await saved_filters(uow, staff.tenant, staff.id)
    return SavedFilterList(saved_filters=[SavedFilterOut.of(one) for one in found])


@router.put("/{filter_id}", summary="Save a list of cases, or save it anew")
async def write_saved_filter(
    context: OwnContext, caller: CaseReader, filter_id: FilterId, body: SavedFilterBody
) -> SavedFilterOut:
    """It is the person's own; a key can save none."""
    staff = caller.staff
    if staff is None:
        raise Problem(422, message("A key is no person, and saves no lists."))
    try:
        async with context.database.transaction() as uow:
            saved = await save_filter(uow, staff.tenant, staff.id, filter_id, body.name, body.filter)
    except SettingRefused as refusal:
        fault = FieldFault(field=f"body/{refusal.field}", detail=refusal.remedy)
        raise Problem(422, errors=[fault]) from None
    return SavedFilterOut.of(saved)


@router.delete("/{filter_id}", status_code=204, summary="Delete a saved list")
async def delete(context: OwnContext, caller: CaseReader, filter_id: FilterId) -> None:
    staff = caller.staff
    if staff is None:
        raise Problem(404)
    async with context.database.transaction() as uow:
        if not await delete_saved_filter(uow, staff.tenant, staff.id, filter_id):
            raise Problem(404)
