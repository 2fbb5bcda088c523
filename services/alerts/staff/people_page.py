"""The people of a company: a list with the form of an invitation, and a page for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.cases.repository import overview
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import BadAccount
from services.alerts.notices.recipients import read_choices
from services.alerts.notices.repository import choices, push_subscriptions
from services.alerts.notices.views import notices_summary
from services.alerts.rules.setup import CompanySetup
from services.alerts.staff import accounts
from services.alerts.staff.forms import PeopleForm
from services.alerts.staff.labels import role_label, role_options
from services.alerts.staff.people_acts import SegmentsWithoutCases, act_on_people, person_fingerprint
from services.alerts.staff.person_teams import PersonTeams, team_words
from services.alerts.staff.repository import people, second_factors, sessions
from services.alerts.staff.settings_frame import settings_frame
from services.alerts.teams.views import absence_finding
from shared.db.database import UnitOfWork
from shared.http.csrf import CsrfChecked
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.language import spoken
from shared.pages.page import Page
from shared.permissions import ADMIN
from shared.values.messages import message
from shared.values.zones import zone_of

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
Admin = Annotated[Staff, Depends(signed_in(ADMIN))]
CONFIRMATIONS = {
    "invite": message("The invitation is on its way."),
    "change": message("Saved. It holds within five minutes."),
    "link": message("A new sign-in link is on its way."),
    "reset": message("The second factor is forgotten, and the colleague signed out everywhere."),
    "sign_out": message("Signed out everywhere within five minutes. They may sign in again."),
    "deactivate": message("Signed out everywhere within five minutes, and cannot sign in any more."),
    "activate": message("May sign in again."),
    "teams": message("Saved. It holds for cases that are opened from now on."),
}


@dataclass(frozen=True, kw_only=True)
class SegmentChoice:
    """The segments of a form: those that are there, of which some are ticked, and others as text."""

    known: list[tuple[str, bool]]
    others: str
    sure: str
    """The segments that count when the form is sent again as it is."""


@dataclass(frozen=True, kw_only=True)
class PeoplePage(Page):
    """Everybody whom an administrator manages, and the form of an invitation."""

    template: ClassVar[str] = "people.html"
    people: list[Any]
    with_factor: set[UUID]
    """Who of them has a second factor."""
    teams: Mapping[UUID, str]
    """The teams of those who are in one."""
    role_label: Callable[[str], str]
    role_options: list[tuple[str, str]]
    choice: SegmentChoice
    form: PeopleForm
    fault: tuple[str, str] | None
    """The field of the form that is wrong, and what to do."""
    done: str


@dataclass(frozen=True, kw_only=True)
class PersonPage(Page):
    """One of them: role, segments, access."""

    template: ClassVar[str] = "person.html"
    person: Any
    has_factor: bool
    browsers: int
    """In how many the person is signed in."""
    role_label: Callable[[str], str]
    role_options: list[tuple[str, str]]
    choice: SegmentChoice
    drawn: str
    """The fingerprint of what the form is rendered from."""
    absence: str
    """Whether the person is away, as a sentence; empty: they may not sign in."""
    teams: PersonTeams
    told: list[str]
    """What they are told, as sentences."""
    form: PeopleForm
    fault: tuple[str, str] | None
    done: str


@router.get("/settings/people")
async def show_people(request: Request, staff: Admin, context: OwnContext, did: str = "") -> Response:
    """The list."""
    return await _list_page(request, context, staff, did=did)


@router.get("/settings/people/{person}")
async def show_person(
    request: Request, staff: Admin, context: OwnContext, person: UUID, did: str = ""
) -> Response:
    """One of them."""
    return await _person_page(request, context, staff, person, did=did)


@router.post("/settings/people")
async def change_people(
    request: Request,
    staff: Admin,
    context: OwnContext,
    _: CsrfChecked,
    form: Annotated[PeopleForm, Form()],
) -> Response:
    """Do it and come back, or say why not."""
    try:
        async with context.database.transaction() as uow:
            await act_on_people(uow, staff, form)
    except BadAccount as fault:
        if form.act == "invite" or form.person is None:
            return await _list_page(request, context, staff, form=form, fault=fault)
        return await _person_page(request, context, staff, form.person, form=form, fault=fault)
    page = "/settings/people" if form.act == "invite" else f"/settings/people/{form.person}"
    return RedirectResponse(f"{page}?did={form.act}", 303)


async def _list_page(
    request: Request,
    context: AlertsContext,
    staff: Staff,
    *,
    form: PeopleForm | None = None,
    fault: BadAccount | None = None,
    did: str = "",
) -> Response:
    async with context.database.reading() as uow:
        frame = await settings_frame(uow, staff)
        found = await people.people(uow, staff.tenant)
        setup = await context.setups.one(uow, staff.tenant)
        page = PeoplePage(
            people=[one for one in found if accounts.is_within(staff.segments, one.segments)],
            with_factor=await second_factors.people_with_factor(uow, staff.tenant),
            teams=team_words(setup),
            role_label=role_label,
            role_options=role_options(),
            choice=await _segment_choice(uow, staff, (), form, fault),
            form=form or PeopleForm(act="invite"),
            fault=_shown_fault(fault),
            done=spoken(CONFIRMATIONS.get(did, "")),
        )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=422 if fault else 200)


async def _person_page(
    request: Request,
    context: AlertsContext,
    staff: Staff,
    person: UUID,
    *,
    form: PeopleForm | None = None,
    fault: BadAccount | None = None,
    did: str = "",
) -> Response:
    """The page of a person whom this administrator manages.

    :raises Problem: 404 for anybody else.
    """
    async with context.database.reading() as uow:
        frame = await settings_frame(uow, staff)
        found = await people.find_person(uow, staff.tenant, person)
        if found is None or not accounts.is_within(staff.segments, found.segments):
            raise Problem(404)
        setup = await context.setups.one(uow, staff.tenant)
        again = form if form is not None and form.act == "change" else None
        page = PersonPage(
            person=found,
            browsers=len(await sessions.sessions_of(uow, staff.tenant, person)),
            has_factor=person in await second_factors.people_with_factor(uow, staff.tenant),
            role_label=role_label,
            role_options=role_options(),
            choice=await _segment_choice(uow, staff, found.segments, again, fault),
            drawn=person_fingerprint(found),
            absence=_absence(setup, person, uow.now, zone_of(frame.time_zone)),
            teams=PersonTeams.of(setup, found),
            told=await _notices_of(uow, found),
            form=form or PeopleForm(act="change"),
            fault=_shown_fault(fault),
            done=spoken(CONFIRMATIONS.get(did, "")),
        )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=422 if fault else 200)


def _absence(setup: CompanySetup, person: UUID, now: datetime, zone: ZoneInfo) -> str:
    found = setup.people.get(person)
    if found is None:
        return ""
    return absence_finding(setup.coming_absence_of(person, now), found, zone, own=False)


async def _notices_of(uow: UnitOfWork, person: Any) -> list[str]:
    chosen = read_choices(await choices.find(uow, person.tenant, person.id))
    browsers = await push_subscriptions.of_person(uow, person.tenant, person.id)
    return notices_summary(chosen, mail=person.wants_mail, browsers=len(browsers))


def _shown_fault(fault: BadAccount | None) -> tuple[str, str] | None:
    return (fault.field, spoken(fault.remedy)) if fault else None


async def _segment_choice(
    uow: UnitOfWork,
    staff: Staff,
    present: list[str] | tuple[()],
    form: PeopleForm | None,
    fault: BadAccount | None,
) -> SegmentChoice:
    """The choice as it was sent, or else as it stands."""
    segments = await overview.segments_of_cases(uow, staff.tenant)
    known = [segment for segment in segments if accounts.is_within(staff.segments, [segment])]
    ticked = set(present if form is None else form.segment)
    others = "\n".join(one for one in present if one not in known) if form is None else form.segments
    return SegmentChoice(
        known=[(segment, segment in ticked) for segment in known],
        others=others,
        sure="\n".join(fault.segments) if isinstance(fault, SegmentsWithoutCases) else "",
    )
