"""What people and programs do to a case: lock it, change it, write down who and when, say it. One
transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

import msgspec

from services.alerts.domain import By, CaseFile, Closing, Entry, NotPossible
from services.alerts.handlers import CASE_ROLES
from services.alerts.repository import cases, copies, people, reading
from services.alerts.schemas import Action, Assign, Close, Contact, ContactOut, Note, Reopen, Reveal, Take
from shared.db.database import UnitOfWork
from shared.events import CASES, Answer, may_see
from shared.http.callers import Caller
from shared.http.problems import Problem
from shared.http.staff import Staff

ASSIGNING = ("admin", "leader")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads or acts: one tenant, perhaps some of its segments."""

    tenant: str
    by: By
    segments: tuple[str, ...]
    may_assign: bool

    @classmethod
    def of_staff(cls, staff: Staff) -> "Reader":
        """Somebody who is signed in."""
        return cls(
            tenant=staff.tenant,
            by=By(staff.id, staff.name),
            segments=staff.segments,
            may_assign=staff.role in ASSIGNING,
        )

    @classmethod
    def of(cls, caller: Caller) -> "Reader":
        """A person or a key; a key sees all of its tenant."""
        if caller.staff is not None:
            return cls.of_staff(caller.staff)
        name = caller.key.name if caller.key is not None else ""
        return cls(tenant=caller.tenant, by=By(None, name), segments=(), may_assign=True)


async def act(
    uow: UnitOfWork, reader: Reader, case_id: UUID, action: Action, key: str | None = None
) -> ContactOut | None:
    """Do it. The same key again does nothing again.

    :raises Problem: 404 when there is no such case for this reader.
    :raises NotDone: when somebody else has decided meanwhile.
    :raises NotPossible: when the case as it stands does not allow it.
    """
    if isinstance(action, Reopen):
        # Cases are opened by who holds the counter, and it is always taken before a case.
        await cases.lock_counters(uow, [reader.tenant])
    case = await cases.find_case(uow, reader.tenant, case_id, lock=True)
    if case is None or not may_see(reader.segments, case.belongs):
        raise Problem(404)
    if key is not None and await cases.was_done(uow, reader.tenant, case_id, key):
        return None
    entries: list[Entry] = []
    shown = await _change(uow, reader, case, action, entries, key)
    if entries:
        await cases.update_cases(uow, [case])
        await cases.write_entries(uow, entries)
        uow.publish(CASES, case.tenant, case.published())
    return shown


async def _change(
    uow: UnitOfWork, reader: Reader, case: CaseFile, action: Action, entries: list[Entry], key: str | None
) -> ContactOut | None:
    by, now = reader.by, uow.now
    match action:
        case Take(version=seen):
            case.take(entries, now, by, seen)
        case Assign(to=person, version=seen):
            case.assign(entries, now, by, await _colleague(uow, reader, case, person), seen)
        case Contact(how=how, reached=reached, text=text):
            case.contact(entries, now, by, how, reached, text, key)
        case Note(text=text):
            case.note(entries, now, by, text, key)
        case Close(cause=cause, action=did, outcome=outcome, told=told, version=seen):
            case.close(
                entries, now, by, Closing(cause=cause, action=did, outcome=outcome, told=told), seen, key
            )
        case Reopen(text=text):
            await _unless_another_is_open(uow, case)
            case.reopen(entries, now, by, text, key)
        case Reveal():
            return await _reveal(uow, by, case, entries)
        case _ as never:
            assert_never(never)
    return None


async def _colleague(uow: UnitOfWork, reader: Reader, case: CaseFile, person: UUID) -> By:
    if not reader.may_assign:
        raise NotPossible("Only a team leader or an administrator gives cases to others.")
    for one in await people.people(uow, reader.tenant):
        if one.id == person and one.active and one.role in CASE_ROLES and may_see(one.segments, case.belongs):
            return By(one.id, one.name)
    raise NotPossible("Choose somebody who works on the cases of this segment.")


async def _unless_another_is_open(uow: UnitOfWork, case: CaseFile) -> None:
    """One open case per person."""
    number = await cases.open_number(uow, case.tenant, case.customer_id, but=case.id)
    if number is not None:
        raise NotPossible(f"This customer has another open case, number {number}. Go on there.")


async def _reveal(uow: UnitOfWork, by: By, case: CaseFile, entries: list[Entry]) -> ContactOut:
    answers = await case_answers(uow, case.tenant, case.id)
    if may_contact(answers) is False:
        raise NotPossible("The customer does not want to be contacted, so the address stays hidden.")
    shown = await contact_of(uow, case.tenant, answers)
    what = [name for name, value in (("address", shown.email), ("number", shown.phone)) if value]
    if not what:
        raise NotPossible("We know neither an address nor a number.")
    case.reveal(entries, uow.now, by, " and ".join(what))
    return shown


async def case_answers(uow: UnitOfWork, tenant: str, case: UUID) -> list[Answer]:
    """The answers that belong to a case, oldest first."""
    return [_answers.decode(row.body) for row in await reading.answers_of_case(uow, tenant, case)]


def may_contact(answers: Sequence[Answer]) -> bool | None:
    """The customer's last word on it: yes, no, or not asked."""
    said = [answer.may_contact for answer in answers if answer.may_contact is not None]
    return said[-1] if said else None


async def contact_of(uow: UnitOfWork, tenant: str, answers: Sequence[Answer]) -> ContactOut:
    """How to reach the customer, as the newest invitation has it."""
    found = await copies.invitations(uow, tenant, [answer.id for answer in answers])
    for answer in reversed(answers):
        if answer.id in found:
            customer = found[answer.id].customer
            return ContactOut(email=customer.email, phone=customer.phone)
    return ContactOut(email=None, phone=None)


_answers = msgspec.json.Decoder(Answer)
