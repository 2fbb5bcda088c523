"""What people and programs do to a case: lock it, change it, record who and when, and publish it.

All of it is one transaction.
"""

import hashlib
import hmac
from uuid import UUID

import msgspec

from services.alerts.cases.acting import ActingUser
from services.alerts.cases.case_contact import reveal_again
from services.alerts.cases.case_user import CaseUser
from services.alerts.cases.changes import set_case_deadlines, write_changes
from services.alerts.cases.colleague_notices import queue_colleague_notice
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.repository import cases, requests
from services.alerts.cases.repository.answers import answers_of_case
from services.alerts.cases.schemas import (
    Action,
    AskAct,
    AssignAct,
    ContactOut,
    HandOverAct,
    MergeAct,
    ReopenAct,
    RevealAct,
)
from services.alerts.rules.setup_cache import CompanySetups
from shared.db.database import UnitOfWork
from shared.events import may_see, segments_of
from shared.http.problems import Problem
from shared.secrets import derive
from shared.values.messages import message


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
    case, into = await _lock(uow, user, case_id, action)
    all_answers = await answers_of_case(uow, user.tenant, case_id)
    answers = [answer for answer in all_answers if may_see(user.segments, segments_of(answer))]
    if case is None or not answers:
        raise Problem(404)
    if key and await _was_done(uow, secret, user, case, action, key):
        return await reveal_again(uow, user, case, answers) if isinstance(action, RevealAct) else None
    entries: Entries = []
    key_hash = _keyed_hash(secret, user.tenant, key.encode()) if key else None
    actor = msgspec.structs.replace(user.actor, readable=tuple(answer.id for answer in answers))
    fingerprint = _keyed_hash(secret, user.tenant, _request(user, action))
    acting = ActingUser(uow, policy, cache, user, actor, case, into, answers, entries, key_hash, fingerprint)
    contact = await acting.do(action)
    if key_hash is not None:
        await requests.add_request(uow, case.tenant, case.id, key_hash, fingerprint)
    changed = [case] if into is None else [case, into]
    if entries and isinstance(action, AssignAct | HandOverAct | AskAct):
        await set_case_deadlines(uow, changed)
        await queue_colleague_notice(uow, case, entries[-1], action.to)
    if entries:
        await write_changes(uow, changed, entries)
    return contact


async def _lock(
    uow: UnitOfWork, user: CaseUser, case_id: UUID, action: Action
) -> tuple[CaseFile | None, CaseFile | None]:
    """The case, and the one that it is merged into, if the user may see it: both locked in one order."""
    if not isinstance(action, MergeAct):
        return await cases.find_case(uow, user.tenant, case_id, lock=True), None
    locked = await cases.lock_cases(uow, [(user.tenant, one) for one in {case_id, action.into}])
    by_id = {case.id: case for case in locked}
    into = by_id.get(action.into)
    if into is not None and not may_see(user.segments, into.belongs):
        into = None
    return by_id.get(case_id), into


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
