"""What people and programs do to a case: lock it, change it, write down who and when, say it. One
transaction.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never
from uuid import UUID

import msgspec

from services.alerts.domain import By, CaseFile, Closing, Entry, NotPossible
from services.alerts.repository import cases, copies, people, reading
from services.alerts.schemas import (
    Action,
    Assign,
    Close,
    Contact,
    ContactOut,
    Note,
    Release,
    Reopen,
    Reveal,
    Take,
)
from shared.db.database import UnitOfWork
from shared.events import CASES, Answer, may_see, segments_of
from shared.http.auth import Caller
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.permissions import ASSIGNING_ROLES, CASE_ROLES


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads or acts: one tenant, perhaps some of its segments."""

    tenant: str
    by: By
    segments: tuple[str, ...]
    """Those that they are limited to; none: not limited."""
    may_assign: bool

    @classmethod
    def of_staff(cls, staff: Staff) -> "Reader":
        """Somebody who is signed in."""
        return cls(
            tenant=staff.tenant,
            by=By(staff.id, staff.name),
            segments=staff.segments,
            may_assign=staff.role in ASSIGNING_ROLES,
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
    found = await case_answers(uow, reader.tenant, case_id)
    answers = [answer for answer in found if may_see(reader.segments, segments_of(answer))]
    if case is None or not answers:
        raise Problem(404)
    if key and await _was_done(uow, reader, case, action, key):
        return await _contact(uow, case, answers) if isinstance(action, Reveal) else None
    by = msgspec.structs.replace(reader.by, seen=tuple(answer.id for answer in answers))
    entries: list[Entry] = []
    shown = await _change(uow, reader, by, case, action, answers, entries, key or None)
    if key:
        await cases.keep_request(uow, case.tenant, case.id, key, _fingerprint(reader, action))
    if entries:
        await cases.update_cases(uow, [case])
        await cases.write_entries(uow, entries)
        uow.publish(CASES, case.tenant, case.published())
    return shown


async def _was_done(uow: UnitOfWork, reader: Reader, case: CaseFile, action: Action, key: str) -> bool:
    """Whether this very request was carried out before.

    :raises Problem: 422 when the key belongs to another request.
    """
    done = await cases.request_done(uow, case.tenant, case.id, key)
    if done and done != _fingerprint(reader, action):
        raise Problem(
            422,
            "This Idempotency-Key was used for another act on this case.",
            "Nothing was done. Give each act a key of its own; repeat a key only with the same request.",
        )
    return done is not None


def _fingerprint(reader: Reader, action: Action) -> str:
    """What was asked for, and by whom; who tries again may have seen a newer version meanwhile."""
    asked = [
        reader.by.id and str(reader.by.id),
        reader.by.name,
        action.model_dump(mode="json", exclude={"version"}),
    ]
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()


async def _change(
    uow: UnitOfWork,
    reader: Reader,
    by: By,
    case: CaseFile,
    action: Action,
    answers: Sequence[Answer],
    entries: list[Entry],
    key: str | None,
) -> ContactOut | None:
    now = uow.now
    match action:
        case Take(version=seen):
            case.take(entries, now, by, seen)
        case Assign(to=person, version=seen):
            case.assign(entries, now, by, await _colleague(uow, reader, answers, person), seen)
        case Release(version=seen):
            case.release(entries, now, by, seen, may_assign=reader.may_assign)
        case Contact(how=how, reached=reached, text=text):
            case.contact(entries, now, by, how, reached, text, key)
        case Note(text=text):
            case.note(entries, now, by, text, key)
        case Close(cause=cause, action=did, outcome=outcome, told=told, version=seen):
            case.close(
                entries, now, by, Closing(cause=cause, action=did, outcome=outcome, told=told), seen, key
            )
        case Reopen(text=text, version=seen):
            if case.state == "closed":
                await _unless_another_is_open(uow, reader, case)
            case.reopen(entries, now, by, text, key, seen)
        case Reveal():
            return await _reveal(uow, by, case, answers, entries)
        case _ as never:
            assert_never(never)
    return None


async def _colleague(uow: UnitOfWork, reader: Reader, answers: Sequence[Answer], person: UUID) -> By:
    if not reader.may_assign:
        raise NotPossible("Only a team leader or an administrator gives cases to others.")
    for one in await colleagues(uow, reader.tenant, answers):
        if one.id == person:
            return By(one.id, one.name)
    raise NotPossible("Choose somebody who works on the cases of this segment.")


async def colleagues(uow: UnitOfWork, tenant: str, answers: Sequence[Answer]) -> list[Any]:
    """Who works on cases and may read one of these answers."""
    belongs = [segment for answer in answers for segment in segments_of(answer)]
    return [
        one
        for one in await people.people(uow, tenant)
        if one.active and one.role in CASE_ROLES and may_see(one.segments, belongs)
    ]


async def _unless_another_is_open(uow: UnitOfWork, reader: Reader, case: CaseFile) -> None:
    """One open case per person."""
    other = await cases.open_case_of(uow, case)
    if other is None:
        return
    if may_see(reader.segments, other.belongs):
        raise NotPossible(f"This customer has another open case, number {other.number}. Go on there.")
    raise NotPossible("This case cannot be opened again.")


async def _contact(uow: UnitOfWork, case: CaseFile, answers: Sequence[Answer]) -> ContactOut:
    if case.may_contact is False:
        raise NotPossible("The customer does not want to be contacted, so the address stays hidden.")
    return await contact_of(uow, case, answers)


async def _reveal(
    uow: UnitOfWork, by: By, case: CaseFile, answers: Sequence[Answer], entries: list[Entry]
) -> ContactOut:
    shown = await _contact(uow, case, answers)
    what = [name for name, value in (("address", shown.email), ("number", shown.phone)) if value]
    if not what:
        raise NotPossible("We know neither an address nor a number.")
    case.reveal(entries, uow.now, by, " and ".join(what))
    return shown


async def case_answers(uow: UnitOfWork, tenant: str, case: UUID) -> list[Answer]:
    """The answers that belong to a case, oldest first."""
    return [_answers.decode(row.body) for row in await reading.answers_of_case(uow, tenant, case)]


async def contact_of(uow: UnitOfWork, case: CaseFile, answers: Sequence[Answer]) -> ContactOut:
    """How to reach who gave the first of these answers that the page is headed by: the address that was
    asked, and the number that was told last of this person.
    """
    found = await copies.invitations(uow, case.tenant, [answer.id for answer in answers])
    order = sorted(answers, key=lambda answer: answer.id != case.answer_id)
    known = [found[answer.id].customer for answer in order if answer.id in found]
    if not known:
        return ContactOut(email=None, phone=None)
    first = known[0]
    same = [found[answer.id].customer for answer in answers if answer.id in found]
    phones = [one.phone for one in same if one.email == first.email and one.phone]
    return ContactOut(email=first.email, phone=phones[-1] if phones else None)


_answers = msgspec.json.Decoder(Answer)
