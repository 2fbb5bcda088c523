"""Declaring and removing pairs, by whichever door it is asked for."""

from uuid import UUID

from services.scorer.access import SegmentAccess
from services.scorer.pair_names import SegmentPair, pair_of
from services.scorer.pairs import repository
from services.scorer.pairs.domain import MAX_PAIRS_PER_COMPANY, PairProgress
from services.scorer.repository.segments import list_dimensions
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Count, Message, message


class PairFaulty(Exception):
    """What is asked for cannot be: the fields, and what is wrong with each."""

    def __init__(self, field: str, detail: Message) -> None:
        super().__init__(field)
        self.faults = [FieldFault(field=f"/{field}", detail=detail)]


class PairForeign(Exception):
    """Pairs are of the whole company, and whoever asks is limited to segments."""


class PairKeyReused(Exception):
    """The idempotency key was used for another pair."""


async def declare_pair(
    uow: UnitOfWork,
    tenant: Tenant,
    access: SegmentAccess,
    who: AuditActor,
    key: UUID,
    *,
    first: str,
    second: str,
) -> PairProgress:
    """Declare the pair of two dimensions, in any order; one of this id that is there already stays as it is.

    :raises PairFaulty: for what is wrong with it.
    :raises PairForeign: when the caller is limited to segments.
    :raises PairKeyReused: when the one that is there is another one.
    """
    _refuse_limited(access)
    wanted = pair_of(first, second)
    # From here to the commit nobody counts who has read which pairs there are.
    await repository.lock(uow)
    known = await repository.list_pairs(uow, tenant.id)
    if (same := next((each for each in known if each.declared.id == key), None)) is not None:
        if same.declared.pair != wanted:
            raise PairKeyReused
        return same
    await _refuse_faulty(uow, tenant, wanted, known)
    await repository.insert_pair(uow, tenant.id, key, wanted)
    record_audit(uow, tenant.id, who, "segment_pair", str(key))
    declared = await repository.list_pairs(uow, tenant.id)
    return next(each for each in declared if each.declared.id == key)


async def _refuse_faulty(
    uow: UnitOfWork, tenant: Tenant, wanted: SegmentPair, known: list[PairProgress]
) -> None:
    names = {each.name for each in await list_dimensions(uow, tenant.id)}
    for field, name in (("first", wanted.first), ("second", wanted.second)):
        if name not in names:
            raise PairFaulty(field, message("Choose a dimension that has answers."))
    if wanted.first == wanted.second:
        raise PairFaulty("second", message("Choose two different dimensions."))
    for each in known:
        if each.declared.pair != wanted:
            continue
        if each.declared.state == "removing":
            detail = message("This pair is still being removed. Declare it once it is gone.")
            raise PairFaulty("second", detail)
        raise PairFaulty("second", message("This pair is declared already."))
    if len(known) >= MAX_PAIRS_PER_COMPANY:
        detail = message("A company has at most %(most)s pairs.", most=Count(MAX_PAIRS_PER_COMPANY))
        raise PairFaulty("second", detail)


async def remove_pair(
    uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, who: AuditActor, key: UUID
) -> bool:
    """Let a pair be removed: it is not read any more from the commit on. False: there is none.

    :raises PairForeign: when the caller is limited to segments.
    """
    _refuse_limited(access)
    # The pair first: its walk, which has it locked, never waits for the lock of all pairs.
    declared = await repository.lock_pair(uow, tenant.id, key)
    if declared is None:
        return False
    if declared.state != "removing":
        await repository.lock(uow)
        await repository.update_pair(uow, tenant.id, key, state="removing", walk="answers")
        record_audit(uow, tenant.id, who, "segment_pair", str(key), deleted=True)
    return True


def _refuse_limited(access: SegmentAccess) -> None:
    if access.limited_to:
        raise PairForeign
