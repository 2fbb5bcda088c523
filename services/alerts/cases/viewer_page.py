"""Tells whoever has a case open who else has it open.

The page posts here as long as it is looked at (``static/viewers.js``), and shows the words of the answer.
"""

from datetime import timedelta
from typing import Annotated, Literal

from babel.lists import format_list
from fastapi import APIRouter, Form
from pydantic import BaseModel

from services.alerts.cases.case_detail import VIEWED_EVERY_S
from services.alerts.cases.inbox_page import CaseWorker
from services.alerts.cases.repository import viewers
from services.alerts.context import OwnContext
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.pages.language import reader_locale, translated

SEEN_WITHIN = timedelta(seconds=3 * VIEWED_EVERY_S)
"""So long a page that says nothing more counts as open: two of its words may be late or lost."""
MOST_NAMED = 5
"""Of those who have a case open."""
router = APIRouter(include_in_schema=False, route_class=CheckedRoute)


class ViewerForm(BaseModel):
    """What the open page of a case sends again and again, and when it is left."""

    leaves: Literal["", "yes"] = ""


class OtherViewers(BaseModel):
    """What the page says of the others."""

    words: str


@router.post("/cases/{case}/viewers")
async def view(
    staff: CaseWorker, context: OwnContext, _: CsrfChecked, case: str, form: Annotated[ViewerForm, Form()]
) -> OtherViewers:
    """Note that the reader has the case open or leaves it; the words name the others, and are empty when
    there are none.

    :raises Problem: 404 when the case is not there for this reader.
    """
    key, names = uuid_of(case), list[str]()
    async with context.database.transaction() as uow:
        if not await viewers.case_is_visible(uow, staff.tenant, key, staff.segments):
            raise Problem(404)
        if form.leaves:
            await viewers.delete_viewer(uow, staff.tenant, key, staff.id)
        else:
            await viewers.write_viewer(uow, staff.tenant, key, staff.id, SEEN_WITHIN)
            names = await viewers.other_viewers(uow, staff.tenant, key, staff.id, SEEN_WITHIN)
    if not names:
        return OtherViewers(words="")
    listed = format_list(names[:MOST_NAMED], locale=reader_locale().locale)
    return OtherViewers(words=translated("Also open with %(names)s.") % {"names": listed})
