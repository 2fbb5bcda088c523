"""What the inbox does with saved lists: save the one that is shown, rename, delete."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from services.alerts.cases.forms import InboxFilter
from services.alerts.cases.inbox_page import CaseWorker
from services.alerts.cases.repository.saved_filters import delete_saved_filter
from services.alerts.cases.saved_filters import rename_filter, save_filter
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SettingRefused
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.values.messages import message

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)


class SavedFilterForm(BaseModel):
    """What the forms of saved lists send."""

    act: Literal["save", "rename", "delete"]
    id: str = ""
    name: str = ""


@router.post("/inbox/filters")
async def change_saved_filters(
    staff: CaseWorker,
    context: OwnContext,
    _: CsrfChecked,
    chosen: Annotated[InboxFilter, Query()],
    form: Annotated[SavedFilterForm, Form()],
) -> Response:
    """Do it and come back to the list that is shown.

    :raises Problem: 422 with what is wrong with the name.
    """
    try:
        await _change(context, staff, chosen, form)
    except SettingRefused as refusal:
        raise Problem(422, refusal.remedy, message("Go back, and try again.")) from None
    return RedirectResponse(chosen.address(), 303)


async def _change(context: AlertsContext, staff: Staff, chosen: InboxFilter, form: SavedFilterForm) -> None:
    key = uuid_of(form.id)
    async with context.database.transaction() as uow:
        of_person = (uow, staff.tenant, staff.id, key)
        if form.act == "save":
            await save_filter(*of_person, form.name, chosen)
        elif not await (
            delete_saved_filter(*of_person) if form.act == "delete" else rename_filter(*of_person, form.name)
        ):
            raise Problem(404)
