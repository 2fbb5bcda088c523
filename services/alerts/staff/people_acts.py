"""What administrators do to their people. A refusal names the field that is wrong."""

from collections.abc import Awaitable, Callable
from difflib import get_close_matches
from typing import Any

from services.alerts.cases.repository import overview
from services.alerts.errors import BadAccount
from services.alerts.notices.queueing import queue_invitation
from services.alerts.staff import accounts
from services.alerts.staff.access_commands import end_sessions, reset_second_factor
from services.alerts.staff.forms import PeopleAct, PeopleForm
from services.alerts.staff.person_teams import choose_teams
from services.alerts.staff.repository import people
from services.alerts.staff.sessions import session_id
from services.alerts.staff.settings_acts import fingerprint
from shared.db.database import UnitOfWork
from shared.http.staff_auth import Staff
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Message, message


async def act_on_people(uow: UnitOfWork, staff: Staff, form: PeopleForm) -> None:
    """Do what a form asks for.

    :raises BadAccount: naming the field that is wrong.
    """
    await _ACTS[form.act](uow, staff, form)


async def _invite(uow: UnitOfWork, staff: Staff, form: PeopleForm) -> None:
    segments = await _segments(uow, staff, form)
    person = await accounts.create_person(
        uow, staff.tenant, address=form.address, name=form.name, role=form.role, segments=segments
    )
    await queue_invitation(uow, staff.tenant, person, by=staff.id)
    record_audit(
        uow,
        staff.tenant,
        AuditActor.of_staff(staff),
        "person_invited",
        str(person),
        role=form.role,
        segments=len(segments),
    )


async def _change_person(uow: UnitOfWork, staff: Staff, form: PeopleForm) -> None:
    person = await _managed_person(uow, staff, form)
    if form.drawn and form.drawn != person_fingerprint(person):
        raise BadAccount(
            "person",
            message(
                "Not saved: somebody changed what %(name)s may do and see meanwhile. The role is as it "
                "stands now, the segments are as you wrote them. Look at both and save again.",
                name=person.name,
            ),
        )
    segments = await _segments(uow, staff, form)
    await accounts.change_rights(uow, staff.tenant, person.id, role=form.role, segments=segments)
    record_audit(
        uow,
        staff.tenant,
        AuditActor.of_staff(staff),
        "person_changed",
        str(person.id),
        role=form.role,
        segments=len(segments),
    )


async def _managed_person(uow: UnitOfWork, staff: Staff, form: PeopleForm) -> Any:
    """The person of the form, who sees no more than the administrator does."""
    if form.person is None:
        raise BadAccount("person", message("Choose somebody."))
    found = await people.find_person(uow, staff.tenant, form.person)
    if found is None or not accounts.is_within(staff.segments, found.segments):
        raise BadAccount("person", message("There is nobody like that among your people."))
    return found


async def _send_link(uow: UnitOfWork, staff: Staff, form: PeopleForm) -> None:
    found = await _managed_person(uow, staff, form)
    if not found.active:
        raise BadAccount("person", message("Nobody who may sign in."))
    await queue_invitation(uow, staff.tenant, found.id, by=staff.id)
    record_audit(uow, staff.tenant, AuditActor.of_staff(staff), "sign_in_link", str(found.id))


async def _reset(uow: UnitOfWork, staff: Staff, form: PeopleForm) -> None:
    found = await _managed_person(uow, staff, form)
    await reset_second_factor(uow, staff.tenant, AuditActor.of_staff(staff), found.id)


async def _sign_out(uow: UnitOfWork, staff: Staff, form: PeopleForm) -> None:
    found = await _managed_person(uow, staff, form)
    who = AuditActor.of_staff(staff)
    await end_sessions(uow, staff.tenant, who, found.id, but=session_id(staff))


async def _deactivate(uow: UnitOfWork, staff: Staff, form: PeopleForm) -> None:
    if not form.sure:
        raise BadAccount("person", message("Tick that it is meant."))
    found = await _managed_person(uow, staff, form)
    await accounts.dismiss(uow, staff.tenant, found.id)
    record_audit(uow, staff.tenant, AuditActor.of_staff(staff), "person_deactivated", str(found.id))


async def _activate(uow: UnitOfWork, staff: Staff, form: PeopleForm) -> None:
    found = await _managed_person(uow, staff, form)
    await accounts.readmit(uow, staff.tenant, found.id)
    record_audit(uow, staff.tenant, AuditActor.of_staff(staff), "person_activated", str(found.id))


async def _choose_teams(uow: UnitOfWork, staff: Staff, form: PeopleForm) -> None:
    await choose_teams(uow, staff, await _managed_person(uow, staff, form), form)


_ACTS: dict[PeopleAct, Callable[[UnitOfWork, Staff, PeopleForm], Awaitable[None]]] = {
    "invite": _invite,
    "change": _change_person,
    "link": _send_link,
    "reset": _reset,
    "sign_out": _sign_out,
    "deactivate": _deactivate,
    "activate": _activate,
    "teams": _choose_teams,
}


def person_fingerprint(person: Any) -> str:
    """The same of the form about a colleague."""
    return fingerprint(person.role, person.segments, person.active)


async def _segments(uow: UnitOfWork, staff: Staff, form: PeopleForm) -> list[str]:
    """The segments of the form, ticked and on lines, none of them wider than what the administrator sees.

    :raises BadAccount: also when no case has come from one of them, until it is confirmed.
    """
    wanted = accounts.clean_segments([*form.segment, *filter(str.strip, form.segments.splitlines())])
    if not accounts.is_within(staff.segments, wanted):
        raise BadAccount("segments", message("You can let others see only what you see."))
    known, without_cases = await overview.segments_of_cases(uow, staff.tenant), []
    if known:  # a company without a case has none that could be misspelt
        without_cases = await overview.segments_without_cases(uow, staff.tenant, wanted)
    if without_cases and form.sure.split() != " ".join(without_cases).split():
        facts = {"segments": ", ".join(without_cases)}
        remedy = message("No case has come from %(segments)s yet. To keep it, save once more.", **facts)
        if similar := get_close_matches(without_cases[0], known, n=1):
            remedy = message(
                "No case has come from %(segments)s yet. Do you mean %(similar)s? "
                "To keep it, save once more.",
                **facts,
                similar=similar[0],
            )
        raise SegmentsWithoutCases(without_cases, remedy)
    return wanted


class SegmentsWithoutCases(BadAccount):
    """Segments that may be misspelt; sent again as they are they count."""

    def __init__(self, segments: list[str], remedy: Message) -> None:
        super().__init__("segments", remedy)
        self.segments = segments
