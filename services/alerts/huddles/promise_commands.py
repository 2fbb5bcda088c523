"""What people and programs do to the promises of a team: write one down, keep it, delete it."""

from datetime import date, timedelta
from uuid import UUID

import msgspec

from services.alerts.errors import SetupFaulty
from services.alerts.huddles import repository
from services.alerts.huddles.domain import (
    MAX_PROMISE_CHARS,
    MOST_DAYS_AHEAD,
    MOST_PROMISES,
    HuddleWeek,
    TeamPromise,
)
from services.alerts.rules.setup import CompanySetup
from shared.db.database import UnitOfWork
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Count, Message, message


class PromiseDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A promise as it is asked for."""

    id: UUID
    team_id: UUID
    week: HuddleWeek
    text: str
    person_id: UUID
    due: date
    kept: bool = False


async def save_promise(
    uow: UnitOfWork, tenant: str, who: AuditActor, setup: CompanySetup, draft: PromiseDraft
) -> TeamPromise | None:
    """Add or replace a promise; the same again changes nothing. None: the company has no such team.

    :raises SetupFaulty: for what is wrong with it, or where the week has enough of them.
    """
    if not await repository.lock_team(uow, tenant, draft.team_id):
        return None
    known = await repository.find_promise(uow, tenant, draft.id)
    if known is not None and (known.team_id, known.week) != (draft.team_id, draft.week.monday):
        raise SetupFaulty([_fault("id", message("Another team or week has a promise of this id."))])
    found = (await repository.promises_of(uow, tenant, draft.team_id, [draft.week.monday]))[draft.week.monday]
    if known is None and len(found) >= MOST_PROMISES:
        detail = message("Promise at most %(most)s things a week.", most=Count(MOST_PROMISES))
        raise SetupFaulty([_fault("text", detail)])
    if faults := _faults(setup, draft, known):
        raise SetupFaulty(faults)
    kept_at = known.done_at if known is not None else None
    promise = TeamPromise(
        id=draft.id,
        team_id=draft.team_id,
        week=draft.week.monday,
        text=draft.text,
        person_id=draft.person_id,
        due=draft.due,
        made_at=known.made_at if known is not None else uow.now,
        done_at=(kept_at or uow.now) if draft.kept else None,
    )
    if promise != known:
        await repository.write_promise(uow, tenant, promise)
        record_audit(uow, tenant, who, "promise", str(draft.id))
    return promise


async def set_kept(
    uow: UnitOfWork, tenant: str, who: AuditActor, team: UUID, promise: UUID, *, kept: bool
) -> bool:
    """Say that a promise was kept, or was not after all; False: the team has no such promise."""
    await repository.lock_team(uow, tenant, team)
    known = await repository.find_promise(uow, tenant, promise)
    if known is None or known.team_id != team:
        return False
    if (known.done_at is not None) != kept:
        known.done_at = uow.now if kept else None
        await repository.write_promise(uow, tenant, known)
        record_audit(uow, tenant, who, "promise", str(promise))
    return True


async def remove_promise(uow: UnitOfWork, tenant: str, who: AuditActor, team: UUID, promise: UUID) -> bool:
    """Delete a promise; False: the team has no such promise."""
    await repository.lock_team(uow, tenant, team)
    known = await repository.find_promise(uow, tenant, promise)
    if known is None or known.team_id != team:
        return False
    await repository.delete_promise(uow, tenant, promise)
    record_audit(uow, tenant, who, "promise", str(promise), deleted=True)
    return True


def _faults(setup: CompanySetup, draft: PromiseDraft, known: TeamPromise | None) -> list[FieldFault]:
    faults = []
    if not draft.text.strip():
        faults.append(_fault("text", message("Write what is promised.")))
    elif len(draft.text) > MAX_PROMISE_CHARS:
        detail = message("Make it shorter: at most %(most)s characters.", most=Count(MAX_PROMISE_CHARS))
        faults.append(_fault("text", detail))
    # Who has left meanwhile keeps what they promised.
    if draft.person_id not in setup.people and (known is None or known.person_id != draft.person_id):
        faults.append(_fault("person", message("Nobody of your company who may sign in has this id.")))
    last = draft.week.monday + timedelta(days=MOST_DAYS_AHEAD)
    if not draft.week.monday <= draft.due <= last:
        faults.append(_fault("until", message("Choose a day of this week or of the year that follows.")))
    return faults


def _fault(field: str, detail: Message) -> FieldFault:
    return FieldFault(field=f"/{field}", detail=detail)
