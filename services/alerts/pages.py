"""The pages of cases: the inbox, and one case with all that can be done."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts import actions, views, words
from services.alerts.actions import Reader
from services.alerts.domain import CAUSES, HOWS, OUTCOMES, CaseFile, NotDone, NotPossible
from services.alerts.forms import CaseForm, Filter, is_uuid
from services.alerts.handlers import CASE_ROLES
from services.alerts.repository import copies, notices, people, reading
from services.alerts.repository.cases import case_of
from shared.db.database import Database, UnitOfWork
from shared.events import may_see, segments_of
from shared.http.csrf import csrf_checked
from shared.http.live import LiveFeed
from shared.http.problems import Problem
from shared.http.staff import Staff, signed_in
from shared.pages.environment import Pages
from shared.zones import zone_of

router = APIRouter(include_in_schema=False)
worker = signed_in("admin", "leader", "agent")
Worker = Annotated[Staff, Depends(worker)]
Checked = Annotated[None, Depends(csrf_checked)]


@router.get("/inbox")
async def inbox(request: Request, staff: Worker, chosen: Annotated[Filter, Query()]) -> Response:
    """Who waits, the most urgent first."""
    database: Database = request.app.state.database
    async with database.reading() as uow:
        frame = await views.frame(uow, staff)
        counts = await views.open_cases(uow, staff)
        wanted = chosen.wanted(staff)
        total = await reading.totals(uow, staff.tenant, wanted)
        found = await reading.list_cases(uow, staff.tenant, wanted, sort=chosen.sort)
        invited = await copies.invitations(uow, staff.tenant, [row.answer_id for row in found])
        touchpoints = await reading.touchpoints(uow, staff.tenant, staff.segments)
        now, zone = uow.now, zone_of(frame["time_zone"])
    rows = [(views.row_of(row, invited.get(row.answer_id), staff.id, now, zone), row.due_at) for row in found]
    waiting = chosen.state in {"open", "late"}
    newest = max(found, key=lambda row: row.opened_at, default=None)
    return _pages(request).response(
        request,
        "inbox.html",
        staff=staff,
        **frame,
        here="cases",
        open_cases=counts.open,
        live="/inbox/live",
        chosen=chosen,
        counts=counts,
        finding=_count(chosen, total.found, total.late),
        more=total.found - len(rows),
        groups=views.grouped(rows, now, zone)
        if waiting and chosen.sort == "due"
        else [("", [row for row, _ in rows])],
        empty=not rows,
        touchpoints=touchpoints,
        newest=newest,
        newest_at=words.moment(newest.opened_at, now, zone) if newest is not None else "",
    )


def _count(chosen: Filter, found: int, late: int) -> str:
    """The finding of a list."""
    if chosen.state == "closed":
        return words.closed(found)
    if chosen.state == "all":
        return (
            f"{words.in_words(found)} case{'' if found == 1 else 's'} in all."
            if found
            else "There is no case yet."
        )
    return words.waiting(found, late)


@router.get("/inbox/live")
async def live(request: Request, staff: Worker) -> Response:
    """A message for each case that changes, of those that this reader may see."""
    feed: LiveFeed = request.app.state.feed
    return feed.response(request, staff)


@router.get("/cases/{case}")
async def show(request: Request, staff: Worker, case: str, did: str = "") -> Response:
    """One customer, what happened, what now."""
    async with _database(request).reading() as uow:
        context = await _context(uow, staff, case)
    return _page(request, staff, context, did=did if did in DONE else "")


@router.post("/cases/{case}")
async def do(
    request: Request, staff: Worker, _: Checked, case: str, form: Annotated[CaseForm, Form()]
) -> Response:
    """Do it and come back, or say why not, with all that was typed."""
    database, refused, status = _database(request), "", 422
    faults = form.faults()
    if not faults:
        try:
            async with database.transaction() as uow:
                key = form.key if is_uuid(form.key) else None
                await actions.act(uow, Reader.of_staff(staff), _case_id(case), form.read(), key)
            return RedirectResponse(f"/cases/{case}?did={form.act}", 303)
        except NotDone as lost:
            refused, status = f"{lost} Your text is still here." if form.act == "close" else str(lost), 409
        except NotPossible as why:
            refused, status = str(why), 409
    async with database.reading() as uow:
        context = await _context(uow, staff, case)
    return _page(request, staff, context, form=form, faults=faults, refused=refused, status=status)


DONE = {
    "take": "Case {number} is yours.",
    "assign": "Case {number} has its owner.",
    "contact": "The contact is saved.",
    "note": "The note is saved.",
    "close": "Case {number} is closed.",
    "reopen": "Case {number} is open again.",
    "reveal": "You can read it for an hour. That you asked is written down.",
}


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
) -> Response:
    return _pages(request).response(
        request,
        "case.html",
        staff=staff,
        status_code=status if form else 200,
        **context,
        form=form or CaseForm(act="note"),
        acting=form.act if form else "",
        faults=faults or [],
        wrongs=dict(faults or []),
        refused=refused,
        done=DONE[did].format(number=context["case"].number) if did else "",
        keys=uuid4,
    )


async def _context(uow: UnitOfWork, staff: Staff, case: str) -> dict[str, Any]:
    """All that the page of a case shows.

    :raises Problem: 404 when it is not there for this reader.
    """
    row = await reading.one_case(uow, staff.tenant, _case_id(case), staff.segments)
    if row is None:
        raise Problem(404)
    file, frame, now = case_of(row), await views.frame(uow, staff), uow.now
    zone = zone_of(frame["time_zone"])
    theirs = await actions.case_answers(uow, staff.tenant, file.id)
    opening = views.answer_decoder.decode(row.answer)
    invitation = (await copies.invitations(uow, staff.tenant, [file.answer_id])).get(file.answer_id)
    entries = await reading.timeline(uow, staff.tenant, file.id)
    customer, earlier, others = file.customer_id, [], []
    if customer is not None:
        known = {answer.id for answer in theirs}
        earlier = [
            answer
            for answer in await copies.answers_of_customer(uow, staff.tenant, customer)
            if answer.id not in known and may_see(staff.segments, segments_of(answer))
        ]
        others = await reading.cases_of_customer(uow, staff.tenant, customer, file.id, staff.segments)
    shown_until = views.shown_until(entries, staff.id, now)
    allowed = actions.may_contact(theirs)
    contact = await actions.contact_of(uow, staff.tenant, theirs)
    colleagues = [
        one
        for one in await people.people(uow, staff.tenant)
        if one.active and one.role in CASE_ROLES and may_see(one.segments, file.belongs)
    ]
    name = (invitation.customer.name if invitation else None) or "A customer"
    return {
        **frame,
        "here": "cases",
        "open_cases": (await views.open_cases(uow, staff)).open,
        "live": "/inbox/live",
        "live_only": str(file.id),
        "case": file,
        "owner": row.owner_name,
        "writing": row.writing,
        "first_score": row.first_score,
        "answer": opening,
        "later": [answer for answer in theirs if answer.id != file.answer_id],
        "name": name,
        "finding": _finding(name, file.score, allowed),
        "may_contact": allowed,
        "reachable": " and ".join(
            what for what, value in (("address", contact.email), ("number", contact.phone)) if value
        ),
        "contact": contact if shown_until is not None and allowed is not False else None,
        "shown_until": words.moment(shown_until, now, zone) if shown_until else "",
        "survey": invitation.survey_name
        if invitation
        else await copies.survey_name(uow, staff.tenant, opening.survey_id),
        "bought": views.bought(invitation),
        "invitation": invitation,
        "lines": views.what_happened(entries, invitation, earlier),
        "others": others,
        "mails": await notices.states(uow, staff.tenant, file.id),
        "colleagues": [(one.id, one.name) for one in colleagues],
        "may_assign": staff.role in actions.ASSIGNING,
        "clocks": _clocks(file, views.began(file, opening), now, zone),
        "moment": lambda at: words.moment(at, now, zone),
        "causes": CAUSES,
        "cause_part": words.cause_part,
        "outcomes": [(code, words.OUTCOME_WORDS[code]) for code in OUTCOMES],
        "hows": [(code, words.HOW_WORDS[code]) for code in HOWS],
    }


def _finding(name: str, score: int, allowed: bool | None) -> str:
    if allowed is None:
        return f"{name} gave {_a(score)}."
    return f"{name} gave {_a(score)} and {'wants' if allowed else 'does not want'} to be contacted."


def _a(score: int) -> str:
    return f"an {score}" if score == 8 else f"a {score}"  # noqa: PLR2004  (an eight, in English)


def _clocks(case: CaseFile, began: datetime, now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    """The two deadlines that are still ahead or missed."""
    if case.state == "closed":
        return []
    wanted = [("Close by", case.close_due_at)]
    if case.first_contact_at is None:
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


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _pages(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages
