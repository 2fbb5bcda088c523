"""What people and programs do to a case: lock it, change it, record who and when, and publish it.

All of it is one transaction.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never
from uuid import UUID

import msgspec

from services.alerts.cases.changes import write_changes
from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.closing import Closing
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.refusals import NotPossible
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.repository import cases, requests
from services.alerts.cases.repository.answers import answers_of_case
from services.alerts.cases.schemas import (
    Action,
    AssignAct,
    CloseAct,
    ContactAct,
    ContactOut,
    NoteAct,
    ReleaseAct,
    ReopenAct,
    RevealAct,
    TakeAct,
)
from services.alerts.replicas import repository as replicas
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.staff.repository import people
from shared.db.database import UnitOfWork
from shared.events import Answer, may_see, segments_of
from shared.http.auth import Caller
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.permissions import ASSIGNING_ROLES, CASE_ROLES
from shared.privacy.audit import AuditActor, record_audit
from shared.secrets import derive
from shared.values.messages import message


@dataclass(frozen=True, slots=True)
class CaseUser:
    """A person or a key that reads cases and acts on them."""

    tenant: str
    actor: Actor
    audited: AuditActor
    """The same in the log of who looked."""
    segments: tuple[str, ...]
    """The segments that they are limited to; none: not limited."""
    may_assign: bool

    @classmethod
    def of_staff(cls, staff: Staff) -> "CaseUser":
        """A person who is signed in."""
        return cls(
            tenant=staff.tenant,
            actor=Actor(staff.id, staff.name),
            audited=AuditActor.of_staff(staff),
            segments=staff.segments,
            may_assign=staff.role in ASSIGNING_ROLES,
        )

    @classmethod
    def of(cls, caller: Caller) -> "CaseUser":
        """A person or a key; a key sees all of its tenant."""
        if caller.staff is not None:
            return cls.of_staff(caller.staff)
        name = caller.key.name if caller.key is not None else ""
        return cls(
            tenant=caller.tenant,
            actor=Actor(None, name),
            audited=AuditActor.of(caller),
            segments=(),
            may_assign=True,
        )


async def act(
    uow: UnitOfWork,
    secret: str,
    policy: CasePolicy,
    cache: CompanySetups,
    user: CaseUser,
    case_id: UUID,
    action: Action,
    key: str | None = None,
) -> ContactOut | None:
    """Do it, once for each idempotency key; returns the address that it reveals.

    Of the key and the request a keyed hash is stored: a client may name the customer in either.

    :raises Problem: 404 when there is no such case for this user, 422 when the key belongs to another act.
    :raises NotDone: when somebody else has decided meanwhile.
    :raises NotPossible: when the state of the case does not allow it.
    """
    if isinstance(action, ReopenAct):
        # Opening is always locked before a case.
        await cases.lock_opening(uow, [user.tenant])
    case = await cases.find_case(uow, user.tenant, case_id, lock=True)
    all_answers = await answers_of_case(uow, user.tenant, case_id)
    answers = [answer for answer in all_answers if may_see(user.segments, segments_of(answer))]
    if case is None or not answers:
        raise Problem(404)
    if key and await _was_done(uow, secret, user, case, action, key):
        return await _reveal_again(uow, user, case, answers) if isinstance(action, RevealAct) else None
    entries: Entries = []
    key_hash = _keyed_hash(secret, user.tenant, key.encode()) if key else None
    contact = await _change(uow, policy, cache, user, case, action, answers, entries, key_hash)
    if key_hash is not None:
        fingerprint = _keyed_hash(secret, user.tenant, _request(user, action))
        await requests.add_request(uow, case.tenant, case.id, key_hash, fingerprint)
    if entries:
        await write_changes(uow, [case], entries)
    return contact


async def _was_done(
    uow: UnitOfWork, secret: str, user: CaseUser, case: CaseFile, action: Action, key: str
) -> bool:
    """Whether this very request was carried out before.

    Versions before stored the key itself, and a hash of the request without a key.

    :raises Problem: 422 when the key belongs to another request.
    """
    keys = [_keyed_hash(secret, user.tenant, key.encode()), key]
    done = await requests.find_request(uow, case.tenant, case.id, keys)
    request = _request(user, action)
    if done and done not in {
        _keyed_hash(secret, user.tenant, request),
        hashlib.sha256(request).hexdigest(),
    }:
        raise Problem(
            422,
            message("This Idempotency-Key was used for another act on this case."),
            message(
                "Nothing was done. Give each act a key of its own; repeat a key only with the same request."
            ),
        )
    return done is not None


def _keyed_hash(secret: str, tenant: str, value: bytes) -> str:
    return hmac.digest(derive(secret, f"case request:{tenant}"), value, "sha256").hex()


def _request(user: CaseUser, action: Action) -> bytes:
    """The request and its sender; not of the version, which may be newer when it is sent again."""
    request = [
        user.actor.id and str(user.actor.id),
        user.actor.name,
        action.model_dump(mode="json", exclude={"version"}),
    ]
    return msgspec.json.encode(request)


async def _change(
    uow: UnitOfWork,
    policy: CasePolicy,
    cache: CompanySetups,
    user: CaseUser,
    case: CaseFile,
    action: Action,
    answers: Sequence[Answer],
    entries: Entries,
    key: str | None,
) -> ContactOut | None:
    now = uow.now
    actor = msgspec.structs.replace(user.actor, readable=tuple(answer.id for answer in answers))
    match action:
        case TakeAct(version=seen):
            case.take(entries, now, actor, seen, policy)
        case AssignAct(to=person, version=seen):
            case.assign(entries, now, actor, await _colleague(uow, user, answers, person), seen, policy)
        case ReleaseAct(version=seen):
            case.release(entries, now, actor, seen, policy, may_assign=user.may_assign)
        case ContactAct(how=how, reached=reached, text=text):
            case.contact(entries, now, actor, how, reached, text, key)
        case NoteAct(text=text):
            case.note(entries, now, actor, text, key)
        case CloseAct(cause=cause, action=did, outcome=outcome, told=told, version=seen):
            closing = Closing(cause=cause, action=did, outcome=outcome, told=told)
            case.close(entries, now, actor, closing, seen, key, policy)
        case ReopenAct(text=text, version=seen):
            if case.state == "closed":
                await _refuse_second_open_case(uow, user, case)
            calendar = (await cache.one(uow, user.tenant)).calendar_of(case.team_id)
            case.reopen(entries, now, actor, text, key, seen, policy, calendar)
        case RevealAct():
            return await _reveal(uow, user, actor, case, answers, entries)
        case _ as never:
            assert_never(never)
    return None


async def _colleague(uow: UnitOfWork, user: CaseUser, answers: Sequence[Answer], person: UUID) -> Actor:
    if not user.may_assign:
        raise NotPossible(message("Only a team leader or an administrator gives cases to others."))
    for one in await colleagues(uow, user.tenant, answers):
        if one.id == person:
            return Actor(one.id, one.name)
    raise NotPossible(message("Choose somebody who works on the cases of this segment."))


async def colleagues(uow: UnitOfWork, tenant: str, answers: Sequence[Answer]) -> list[Any]:
    """The people who work on cases and may read one of these answers."""
    belongs = [segment for answer in answers for segment in segments_of(answer)]
    return [
        one
        for one in await people.people(uow, tenant)
        if one.active and one.role in CASE_ROLES and may_see(one.segments, belongs)
    ]


async def _refuse_second_open_case(uow: UnitOfWork, user: CaseUser, case: CaseFile) -> None:
    other = await cases.other_open_case(uow, case)
    if other is None:
        return
    if may_see(user.segments, other.belongs):
        raise NotPossible(
            message(
                "This customer has another open case, number %(number)s. Go on there.", number=other.number
            )
        )
    raise NotPossible(message("This case cannot be opened again."))


async def _reveal(
    uow: UnitOfWork,
    user: CaseUser,
    actor: Actor,
    case: CaseFile,
    answers: Sequence[Answer],
    entries: Entries,
) -> ContactOut:
    contact = await _shown_contact(uow, case, answers)
    known = [name for name, value in (("address", contact.email), ("number", contact.phone)) if value]
    if not known:
        raise NotPossible(message("We know neither an address nor a number."))
    case.reveal(entries, uow.now, actor, " and ".join(known))
    _record_shown(uow, user, case, contact)
    return contact


async def _reveal_again(
    uow: UnitOfWork, user: CaseUser, case: CaseFile, answers: Sequence[Answer]
) -> ContactOut:
    contact = await _shown_contact(uow, case, answers)
    if contact.email or contact.phone:
        _record_shown(uow, user, case, contact, again=True)
    return contact


def _record_shown(
    uow: UnitOfWork, user: CaseUser, case: CaseFile, contact: ContactOut, **facts: bool
) -> None:
    email, phone = bool(contact.email), bool(contact.phone)
    about = str(case.id)
    record_audit(uow, case.tenant, user.audited, "address_shown", about, email=email, phone=phone, **facts)


async def _shown_contact(uow: UnitOfWork, case: CaseFile, answers: Sequence[Answer]) -> ContactOut:
    if case.may_contact is False:
        raise NotPossible(message("The customer does not want to be contacted, so the address stays hidden."))
    return await contact_of(uow, case, answers)


async def contact_of(uow: UnitOfWork, case: CaseFile, answers: Sequence[Answer]) -> ContactOut:
    """How to reach the customer: the address of the answer that heads the case, and their last known number.

    Where that answer has no invitation, the first of the others that has one is used.
    """
    invited = await replicas.invitations(uow, case.tenant, [answer.id for answer in answers])
    heading_first = sorted(answers, key=lambda answer: answer.id != case.answer_id)
    customers = [invited[answer.id].customer for answer in heading_first if answer.id in invited]
    if not customers:
        return ContactOut(email=None, phone=None)
    email = customers[0].email
    by_age = [invited[answer.id].customer for answer in answers if answer.id in invited]
    phones = [one.phone for one in by_age if one.email == email and one.phone]
    return ContactOut(email=email, phone=phones[-1] if phones else None)
