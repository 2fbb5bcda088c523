"""The page of a case: who, what happened, and all that can be done."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts import actions, views, words
from services.alerts.actions import Reader
from services.alerts.context import own_context
from services.alerts.domain import HOWS, OUTCOMES, CaseFile, NotDone, NotPossible
from services.alerts.forms import CaseForm, is_uuid
from services.alerts.pages import Worker
from services.alerts.repository import copies, notices, reading
from services.alerts.visible import VisibleCase, before_of, visible_case
from shared.db.database import UnitOfWork
from shared.events import Answer, may_see, segments_of
from shared.http.csrf import csrf_checked
from shared.http.numbers import MAX_INTEGER
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.permissions import ASSIGNING_ROLES
from shared.values.zones import zone_of

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
LINES = 20
"""Of what happened so many lines stand on one page."""
Checked = Annotated[None, Depends(csrf_checked)]


@router.get("/cases/{case}")
async def show(
    request: Request,
    staff: Worker,
    case: str,
    did: str = "",
    do: str = "",
    before: Annotated[int | None, Query(ge=1, le=MAX_INTEGER)] = None,
) -> Response:
    """One customer, what happened, what now."""
    async with own_context(request).database.reading() as uow:
        context = await _context(uow, staff, case, before)
    return _page(request, staff, context, did=did if did in DONE else "", opened=do)


@router.post("/cases/{case}")
async def do(
    request: Request, staff: Worker, _: Checked, case: str, form: Annotated[CaseForm, Form()]
) -> Response:
    """Do it and come back, or say why not, with all that was typed."""
    refused, status = "", 422
    faults = form.faults()
    if not faults:
        try:
            async with own_context(request).database.transaction() as uow:
                key = form.key if is_uuid(form.key) else None
                await actions.act(uow, Reader.of_staff(staff), _case_id(case), form.read(), key)
            return RedirectResponse(f"/cases/{case}?did={form.act}#{WHERE.get(form.act, 'now')}", 303)
        except NotDone as lost:
            refused, status = f"{lost} Your text is still here." if form.act == "close" else str(lost), 409
        except NotPossible as why:
            refused, status = str(why), 409
    async with own_context(request).database.reading() as uow:
        context = await _context(uow, staff, case)
    return _page(request, staff, context, form=form, faults=faults, refused=refused, status=status)


DONE = {
    "take": "Case {number} is yours.",
    "assign": "Case {number} has its owner.",
    "release": "Case {number} is put back. Anybody can take it.",
    "contact": "The contact is saved.",
    "note": "The note is saved.",
    "close": "Case {number} is closed.",
    "reopen": "Case {number} is open again.",
    "reveal": "You can read it for an hour. That you asked is written down.",
}
WHERE = {"reveal": "contact", "note": "happened", "contact": "happened"}
"""Where on the page it is seen what was done; the rest beside what can be done next."""


def _page(
    request: Request,
    staff: Staff,
    context: dict[str, Any],
    *,
    form: CaseForm | None = None,
    faults: list[tuple[str, str]] | None = None,
    refused: str = "",
    status: int = 200,
    did: str = "",
    opened: str = "",
) -> Response:
    return own_context(request).pages.response(
        request,
        "case.html",
        staff=staff,
        status_code=status if form else 200,
        **context,
        form=form or CaseForm(act="note"),
        acting=form.act if form else opened,
        faults=faults or [],
        wrongs=dict(faults or []),
        refused=refused,
        did=did,
        done=DONE[did].format(number=context["case"].number) if did else "",
        keys=uuid4,
    )


async def _context(uow: UnitOfWork, staff: Staff, case: str, before: int | None = None) -> dict[str, Any]:
    """All that the page of a case shows, as far as this reader may see it.

    :raises Problem: 404 when it is not there for this reader.
    """
    row = await reading.one_case(uow, staff.tenant, _case_id(case), staff.segments)
    if row is None:
        raise Problem(404)
    seen, frame, now = visible_case(row), await views.frame(uow, staff), uow.now
    file, zone = seen.case, zone_of(frame["time_zone"])
    ids = [answer.id for answer in seen.answers]
    invitations = await copies.invitations(uow, staff.tenant, ids)
    invitation = invitations.get(seen.answer.id)
    entries = await reading.timeline(uow, staff.tenant, file.id, seen.ids, before=before, most=LINES + 1)
    lines = entries[-LINES:]
    amended = await copies.sent_before(uow, staff.tenant, ids)
    until = views.shown_until(await reading.last_reveal(uow, staff.tenant, file.id, staff.id), now)
    contact = await actions.contact_of(uow, file, seen.answers)
    earlier, others = await _of_the_customer(uow, staff, seen) if len(entries) <= LINES else ([], [])
    return {
        **frame,
        "here": "cases",
        "open_cases": (await views.open_cases(uow, staff)).open,
        "live": "/inbox/live",
        "live_only": str(file.id),
        "case": file,
        "owner": seen.owner_name,
        "writing": seen.writing,
        "first_score": seen.first_score,
        "answer": seen.answer,
        "before": before_of(seen.answer, [one for one in amended if one.id == seen.answer.id]),
        "later": [
            (
                answer,
                views.name_of(invitations.get(answer.id)),
                before_of(answer, [one for one in amended if one.id == answer.id]),
            )
            for answer in seen.answers[1:]
        ],
        "name": views.name_of(invitation),
        "finding": _finding(views.name_of(invitation), file.score, file.may_contact),
        "reachable": " and ".join(
            what for what, value in (("address", contact.email), ("number", contact.phone)) if value
        ),
        "contact": contact if until is not None and file.may_contact is not False else None,
        "shown_until": words.moment(until, now, zone) if until else "",
        "survey": invitation.survey_name
        if invitation
        else await copies.survey_name(uow, staff.tenant, seen.answer.survey_id),
        "bought": views.bought(invitation),
        "invitation": invitation,
        "lines": views.what_happened(lines, invitation if len(entries) <= LINES else None, earlier),
        "older": lines[0].seq if len(entries) > LINES else None,
        "paged": before is not None,
        "others": others,
        "mails": words.mails(await notices.states(uow, staff.tenant, file.id, ids)),
        "colleagues": [
            (one.id, one.name) for one in await actions.colleagues(uow, staff.tenant, seen.answers)
        ],
        "may_assign": staff.role in ASSIGNING_ROLES,
        "clocks": _clocks(file, views.began(file, seen.answer), now, zone),
        "moment": lambda at: words.moment(at, now, zone),
        "next": await _next(uow, staff, file, zone) if file.state == "closed" else None,
        "causes": words.causes(),
        "outcomes": [(code, words.OUTCOME_WORDS[code]) for code in OUTCOMES],
        "hows": [(code, words.HOW_WORDS[code]) for code in HOWS],
    }


async def _of_the_customer(
    uow: UnitOfWork, staff: Staff, seen: VisibleCase
) -> tuple[list[Answer], list[tuple[VisibleCase, str]]]:
    """What this person answered beside this case, and the other cases under their customer id, each with the
    name of whose it is.
    """
    case = seen.case
    if case.customer_id is None:
        return [], []
    here = {answer.id for answer in seen.answers}
    earlier = [
        answer
        for answer in await copies.answers_of_customer(uow, staff.tenant, case.customer_id)
        if answer.id not in here
        and case.is_of(answer.customer_id, answer.contact_key or "")
        and may_see(staff.segments, segments_of(answer))
    ]
    found = await reading.cases_of_customer(uow, staff.tenant, case.customer_id, case.id, staff.segments)
    others = [visible_case(row) for row in found]
    elsewhere = {answer.id for other in others for answer in other.answers}
    invited = await copies.invitations(uow, staff.tenant, [other.answer.id for other in others])
    named = [(other, views.name_of(invited.get(other.answer.id))) for other in others]
    return [answer for answer in earlier if answer.id not in elsewhere], named


async def _next(uow: UnitOfWork, staff: Staff, case: CaseFile, zone: ZoneInfo) -> views.Row | None:
    """The case that is due first: what to go on with after this one."""
    wanted = reading.Wanted(segments=staff.segments, state="waiting")
    rows = await reading.list_cases(uow, staff.tenant, wanted, most=2)
    found = [seen for seen in map(visible_case, rows) if seen.case.id != case.id][:1]
    return (await views.rows_of(uow, staff, found, zone))[0][0] if found else None


def _finding(name: str, score: int, allowed: bool | None) -> str:
    if allowed is None:
        return f"{name} gave {words.a(score)}."
    return f"{name} gave {words.a(score)} and {'wants' if allowed else 'does not want'} to be contacted."


def _clocks(case: CaseFile, began: datetime, now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    """The deadlines that are still ahead or missed."""
    if case.state == "closed":
        return []
    wanted = [("Close by", case.close_due_at)]
    if case.waits_for_contact:
        wanted.insert(0, ("First contact by", case.contact_due_at))
    start = f"{began.astimezone(zone):%a %H:%M}"
    return [
        {
            "name": name,
            "at": words.moment(at, now, zone),
            "left": f"{words.span(now - at)} late" if at < now else words.span(at - now),
            "late": at < now,
            "elapsed": words.elapsed(began, at, now),
            "start": start,
            "end": f"{at.astimezone(zone):%a %H:%M}",
        }
        for name, at in wanted
    ]


def _case_id(text: str) -> UUID:
    if not is_uuid(text):
        raise Problem(404)
    return UUID(text)
