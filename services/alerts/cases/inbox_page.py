"""The inbox: the list of cases that wait, and of those that were closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Annotated, Any, ClassVar
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response

from services.alerts.cases import labels, sentences, times
from services.alerts.cases.acting import works_on_cases
from services.alerts.cases.bulk_forms import DONE_BY_ACT, BulkForm, done_sentence
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.forms import CASES_PER_PAGE, MAX_PAGE_NUMBER, InboxFilter
from services.alerts.cases.repository import lists, overview
from services.alerts.cases.repository.search import search_order, searched
from services.alerts.cases.saved_filters import saved_filters
from services.alerts.cases.schemas import MAX_CASES_AT_ONCE
from services.alerts.cases.view_links import ViewLink, view_links
from services.alerts.cases.views import CaseRow, case_rows, grouped
from services.alerts.cases.visible import visible_case
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.frame import open_case_counts, staff_frame
from services.alerts.incidents.views import IncidentLine, incident_lines
from services.alerts.rules.labels import priority_options
from services.alerts.segment_alerts.views import SegmentAlertLine, open_alert_lines
from services.alerts.staff.repository import people
from shared.db.database import UnitOfWork
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.cause_labels import cause_label, cause_options
from shared.pages.filters import touchpoint_name
from shared.pages.language import spoken, translated
from shared.pages.page import Frame, Page
from shared.permissions import CASE_ROLES
from shared.values.zones import zone_of

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
CaseWorker = Annotated[Staff, Depends(signed_in(*CASE_ROLES))]


@dataclass(frozen=True, kw_only=True)
class InboxPage(Page):
    """A list of cases, with the views beside it and the sentence above it."""

    template: ClassVar[str] = "inbox.html"
    chosen: InboxFilter
    counts: Any
    """How many open cases each view has."""
    views: list[ViewLink]
    """The lists that are one step away."""
    saved: ViewLink | None
    """The saved list that this is."""
    few_words: bool
    """Whether so many cases have the words that not all of them are here."""
    segment_alerts: list[SegmentAlertLine]
    """Falls of segments that this person may see, on the list that the inbox begins with."""
    finding: str
    """The heading."""
    groups: list[tuple[str, list[CaseRow]]]
    """The cases behind the name of their group; empty for a list that is not grouped."""
    empty: bool
    more: bool
    """Whether there is a next page."""
    touchpoints: list[str]
    causes: list[tuple[str, str, list[tuple[str, str]]]]
    outcomes: list[tuple[str, str]]
    priorities: list[tuple[str, str]]
    incidents: list[IncidentLine]
    """Those that are going on."""
    newest: CaseFile | None
    """The case of this page that was opened last."""
    newest_at: str
    colleagues: list[tuple[UUID, str]]
    """To whom cases may be handed over."""
    first_wait_day: date
    last_wait_day: date
    """On which cases may go on that wait."""
    key: UUID
    """The idempotency key of the form."""

    form: BulkForm = field(default_factory=lambda: BulkForm(act="take"))
    """What was typed about the chosen cases."""
    faults: Sequence[tuple[str, str]] = ()
    wrongs: Mapping[str, str] = field(default_factory=dict)
    """The faults by field."""
    refused: Sequence[tuple[UUID, int | None, str]] = ()
    """The cases to which nothing was done: id, number and why."""
    done: str = ""


@router.get("/inbox")
async def inbox(
    request: Request,
    staff: CaseWorker,
    context: OwnContext,
    chosen: Annotated[InboxFilter, Query()],
    did: Annotated[str, Query(max_length=40)] = "",
    n: Annotated[int, Query(ge=1, le=MAX_CASES_AT_ONCE)] = 1,
) -> Response:
    """The cases that wait, the most urgent first; or another list of cases, page by page."""
    async with context.database.reading() as uow:
        frame, page = await load_inbox(uow, context, staff, chosen)
    if did in DONE_BY_ACT:
        page = replace(page, done=done_sentence(did, n))
    return context.pages.page(request, page, staff=staff, frame=frame)


async def load_inbox(
    uow: UnitOfWork, context: AlertsContext, staff: Staff, chosen: InboxFilter
) -> tuple[Frame, InboxPage]:
    """Everything that the page shows, as far as this reader may see it."""
    teams = (await context.setups.one(uow, staff.tenant)).teams_of(staff.id)
    counts = await open_case_counts(uow, staff, teams)
    frame = await staff_frame(uow, staff, here="cases", open_cases=counts.open, live="/inbox/live")
    wanted = chosen.case_filter(staff, teams)
    wanted, complete = await searched(uow, staff.tenant, wanted, chosen.q, search_order(wanted, chosen.sort))
    total = await lists.count_cases(uow, staff.tenant, wanted)
    rows = await lists.list_cases(
        uow,
        staff.tenant,
        wanted,
        sort=chosen.sort,
        limit=CASES_PER_PAGE + 1,
        offset=CASES_PER_PAGE * (chosen.page - 1),
    )
    found = [visible_case(row) for row in rows[:CASES_PER_PAGE]]
    now, zone = uow.now, zone_of(frame.time_zone)
    shown = await case_rows(uow, staff, found, zone, chosen.within)
    falls = await open_alert_lines(uow, staff, frame.company) if chosen.is_default else []
    incidents = await incident_lines(uow, staff, now, zone)
    touchpoints = await overview.touchpoints(uow, staff.tenant, staff.segments)
    workers = [(one.id, one.name) for one in await people.people(uow, staff.tenant) if works_on_cases(one)]
    links = view_links(chosen, counts, await saved_filters(uow, staff.tenant, staff.id), in_team=bool(teams))
    by_deadline = chosen.state in {"open", "late"} and chosen.sort == "due"
    max_counted = lists.MAX_COUNTED if complete else total.found
    newest = max((one.case for one in found), key=lambda case: case.opened_at, default=None)
    page = InboxPage(
        chosen=chosen,
        counts=counts,
        views=links,
        saved=next((one for one in links if one.current and one.saved), None),
        few_words=not complete,
        segment_alerts=falls,
        finding=sentences.list_sentence(
            chosen.state,
            total.found,
            total.late,
            _about(chosen),
            chosen.owner,
            max_counted=max_counted,
        ),
        groups=grouped(shown, now, zone) if by_deadline else [("", [row for row, _ in shown])],
        empty=not found,
        more=len(rows) > CASES_PER_PAGE and chosen.page < MAX_PAGE_NUMBER,
        touchpoints=touchpoints,
        causes=cause_options(),
        outcomes=labels.outcome_options(),
        priorities=[("", translated("any priority")), *priority_options()],
        incidents=incidents,
        colleagues=workers,
        first_wait_day=now.astimezone(zone).date() + timedelta(days=1),
        last_wait_day=(now + context.policy.waits_at_most).astimezone(zone).date() - timedelta(days=1),
        key=uuid4(),
        newest=newest,
        newest_at=times.moment(newest.opened_at, now, zone) if newest is not None else "",
    )
    return frame, page


def _about(chosen: InboxFilter) -> str:
    """The part of the heading about what was asked for beside state and owner."""
    about = []
    if chosen.q.strip():
        about.append(translated("with “%(words)s”") % {"words": chosen.q.strip()})
    if chosen.team:
        about.append(translated("of your team") if chosen.team == "mine" else translated("of one team"))
    if chosen.touchpoint:
        about.append(translated("about %(touchpoint)s") % {"touchpoint": touchpoint_name(chosen.touchpoint)})
    if chosen.state == "closed" and chosen.cause:
        about.append(translated("with the cause “%(cause)s”") % {"cause": cause_label(chosen.cause)})
    if chosen.state == "closed" and chosen.outcome:
        outcome = spoken(labels.OUTCOME_LABELS[chosen.outcome])
        about.append(translated("that ended as “%(outcome)s”") % {"outcome": outcome})
    if chosen.incident:
        about.append(translated("of one incident"))
    if chosen.customer:
        about.append(translated("of the customer %(customer)s") % {"customer": chosen.customer})
    return "".join(f" {clause}" for clause in about)


@router.get("/inbox/live")
async def live(request: Request, staff: CaseWorker, context: OwnContext) -> Response:
    """A message for each case that changes, of those that this reader may see."""
    return context.feed.response(request, staff)
