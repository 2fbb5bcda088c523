"""Opening, changing and moving actions of improvement, by whichever door it is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec

from services.scorer.access import SegmentAccess
from services.scorer.improvements import repository
from services.scorer.improvements.domain import (
    MAX_ACTIONS_PER_COMPANY,
    MAX_DUE_DAYS,
    NEXT_STATUS_BY_ACT,
    TARGET_BY_ACT,
    ComparedDays,
    ImprovementAct,
    KeptImprovement,
    compared_windows,
    period_of,
)
from services.scorer.improvements.figures import find_baseline
from services.scorer.windows import today_in
from shared.db.database import UnitOfWork
from shared.events import IMPROVEMENTS, WHOLE_COMPANY, Improvement, ImprovementStep, Tenant, is_person
from shared.events.surveys import NpsMeasurement
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Count, Message, message


class ImprovementFaulty(Exception):
    """What is asked for cannot be: the fields, and what is wrong with each."""

    def __init__(self, faults: list[FieldFault]) -> None:
        super().__init__(", ".join(fault["field"] for fault in faults))
        self.faults = faults


class ImprovementStale(Exception):
    """The action was changed since it was read, or another one has this id."""


class ImprovementRefused(Exception):
    """What is asked for does not follow the action's status. The message says why."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class ImprovementDraft:
    """An action as it is asked for."""

    title: str
    cause: str | None
    theme: str | None
    segment: str
    measurement: NpsMeasurement
    owner: str
    due: date
    expected: int | None

    def is_about(self, known: Improvement) -> bool:
        """Whether it is about the same: of that the baseline was taken."""
        return (self.cause, self.theme, self.segment, self.measurement) == (
            known.cause,
            known.theme,
            known.segment,
            known.measurement,
        )

    def is_same_as(self, kept: KeptImprovement) -> bool:
        """Whether it asks for nothing new."""
        known = kept.improvement
        return self.is_about(known) and (self.title, self.owner, self.due, self.expected) == (
            known.title,
            kept.owner,
            known.due,
            known.expected,
        )


async def save_improvement(
    uow: UnitOfWork,
    tenant: Tenant,
    access: SegmentAccess,
    who: AuditActor,
    key: UUID,
    draft: ImprovementDraft,
    version: int,
) -> KeptImprovement | None:
    """Open an action, or change one; the same again changes nothing.

    :param version: of the action as it was read; 0: it is a new one.
    :returns: None where another one has this id that the caller may not see.
    :raises ImprovementFaulty: for what is wrong with it.
    :raises ImprovementStale: when there is another state of it by now.
    """
    known = await repository.find_improvement(uow, tenant.id, key, lock=True)
    if known is None:
        await _refuse_faulty(uow, tenant, access, draft, today_in(tenant.time_zone, uow.now))
        opened = await _opened(uow, tenant, who, key, draft)
        if await repository.insert_improvement(uow, tenant.id, opened):
            _publish(uow, tenant.id, who, opened)
            return opened
        # The same request, a moment before.
        known = await repository.find_improvement(uow, tenant.id, key, lock=True)
    if known is None or not access.allows(known.improvement.segment):
        return None
    if draft.is_same_as(known):
        return known
    if version != known.improvement.version:
        raise ImprovementStale
    if not draft.is_about(known.improvement):
        detail = message("Its figures were taken for this. Drop the action, and open another one.")
        raise ImprovementFaulty([FieldFault(field="/segment", detail=detail)])
    if draft.due != known.improvement.due:
        _refuse_due(draft.due, known.improvement.opened)
    changed = replace(
        known,
        owner=draft.owner,
        improvement=_next(uow, known, title=draft.title, due=draft.due, expected=draft.expected),
    )
    await repository.update_improvement(uow, tenant.id, changed)
    _publish(uow, tenant.id, who, changed)
    return changed


async def move_improvement(
    uow: UnitOfWork,
    tenant: Tenant,
    access: SegmentAccess,
    who: AuditActor,
    key: UUID,
    act: ImprovementAct,
    version: int,
    *,
    reason: str = "",
    days: ComparedDays,
) -> KeptImprovement | None:
    """Move an action to its next status; done twice it changes nothing the second time.

    :param reason: why it is dropped.
    :param days: the length of the windows that are compared once it is done.
    :returns: None where there is none that the caller may see.
    :raises ImprovementRefused: when it does not follow its status.
    :raises ImprovementFaulty: for what is missing.
    :raises ImprovementStale: when there is another state of it by now.
    """
    known = await repository.find_improvement(uow, tenant.id, key, lock=True)
    if known is None or not access.allows(known.improvement.segment):
        return None
    improvement = known.improvement
    if improvement.status == TARGET_BY_ACT.get(act):
        return known
    if version != improvement.version:
        raise ImprovementStale
    following = NEXT_STATUS_BY_ACT[act].get(improvement.status)
    if following is None:
        raise ImprovementRefused(message("This does not follow the status of the action. Look at it again."))
    if act == "drop" and not reason:
        detail = message("Write why it is dropped, so that nobody proposes it again.")
        raise ImprovementFaulty([FieldFault(field="/reason", detail=detail)])
    today = today_in(tenant.time_zone, uow.now)
    changes = _dates(improvement, act, max(today, improvement.began or improvement.opened), days)
    step = ImprovementStep(status=following, at=uow.now, reason=reason if act == "drop" else "")
    moved = replace(
        known,
        step_names=(*_padded(known), who.name),
        improvement=_next(uow, known, status=following, steps=(*improvement.steps, step), **changes),
    )
    await repository.update_improvement(uow, tenant.id, moved)
    _publish(uow, tenant.id, who, moved)
    return moved


async def publish_texts(
    uow: UnitOfWork,
    tenant: Tenant,
    access: SegmentAccess,
    who: AuditActor,
    key: UUID,
    texts: Mapping[str, str],
    version: int,
) -> KeptImprovement | None:
    """Publish what customers are told of an action that is done; without texts it is taken back.

    :returns: None where there is none that the caller may see.
    :raises ImprovementRefused: when the action is not done.
    :raises ImprovementFaulty: when there is no text, and none was published.
    :raises ImprovementStale: when there is another state of it by now.
    """
    known = await repository.find_improvement(uow, tenant.id, key, lock=True)
    if known is None or not access.allows(known.improvement.segment):
        return None
    if known.improvement.texts == texts and texts:
        return known
    if version != known.improvement.version:
        raise ImprovementStale
    if known.improvement.status != "done":
        raise ImprovementRefused(message("Customers are told what was done: this is not done yet."))
    if not texts and not known.improvement.texts:
        detail = message("Write it in one language at least.")
        raise ImprovementFaulty([FieldFault(field="/texts", detail=detail)])
    # What is only worded otherwise was published when it first was.
    published_at = (known.improvement.published_at or uow.now) if texts else None
    changes = {"texts": dict(sorted(texts.items())), "published_at": published_at}
    changed = replace(known, improvement=_next(uow, known, **changes))
    await repository.update_improvement(uow, tenant.id, changed)
    _publish(uow, tenant.id, who, changed)
    return changed


async def _opened(
    uow: UnitOfWork, tenant: Tenant, who: AuditActor, key: UUID, draft: ImprovementDraft
) -> KeptImprovement:
    today = today_in(tenant.time_zone, uow.now)
    baseline = await find_baseline(
        uow,
        tenant.id,
        tenant.time_zone,
        today,
        segment=draft.segment,
        measurement=draft.measurement,
        cause=draft.cause,
    )
    improvement = Improvement(
        id=key,
        version=1,
        title=draft.title,
        cause=draft.cause,
        theme=draft.theme,
        segment=draft.segment,
        measurement=draft.measurement,
        due=draft.due,
        expected=draft.expected,
        status="proposed",
        opened_at=uow.now,
        changed_at=uow.now,
        opened=today,
        baseline=baseline,
        steps=(ImprovementStep(status="proposed", at=uow.now),),
    )
    return KeptImprovement(improvement=improvement, owner=draft.owner, step_names=(who.name,))


def _dates(improvement: Improvement, act: ImprovementAct, day: date, days: ComparedDays) -> dict[str, Any]:
    """The days that an act fixes: when the work first began, when it was done, and the windows of that."""
    if act == "begin":
        return {"began": improvement.began or day}
    if act == "finish":
        before, after = compared_windows(improvement.began or improvement.opened, day, days)
        return {"done": day, "before": period_of(before), "after": period_of(after)}
    if act == "reopen":
        return {"done": None, "before": None, "after": None, "texts": {}, "published_at": None}
    return {}


def _next(uow: UnitOfWork, known: KeptImprovement, **changes: Any) -> Improvement:
    version = known.improvement.version + 1
    return msgspec.structs.replace(known.improvement, version=version, changed_at=uow.now, **changes)


def _padded(known: KeptImprovement) -> tuple[str, ...]:
    """The names of all steps so far."""
    return tuple(known.name_of_step(number) for number in range(len(known.improvement.steps)))


def _publish(uow: UnitOfWork, tenant: str, who: AuditActor, kept: KeptImprovement) -> None:
    uow.publish(IMPROVEMENTS, tenant, kept.improvement)
    record_audit(uow, tenant, who, "improvement", str(kept.improvement.id), state=kept.improvement.status)


async def _refuse_faulty(
    uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, draft: ImprovementDraft, today: date
) -> None:
    segment = draft.segment
    if (draft.cause is None) == (draft.theme is None):
        detail = message("Choose a cause, or write the theme in your own words: one of the two.")
        raise ImprovementFaulty([FieldFault(field="/theme", detail=detail)])
    if is_person(tenant.people, segment):
        detail = message("An action is about a team, a place or a process, never about one employee.")
        raise ImprovementFaulty([FieldFault(field="/segment", detail=detail)])
    known = segment == WHOLE_COMPANY or await repository.has_segment(uow, tenant.id, segment)
    if not access.allows(segment) or not known:
        detail = message("Choose a segment that has answers and that you may see.")
        raise ImprovementFaulty([FieldFault(field="/segment", detail=detail)])
    _refuse_due(draft.due, today)
    if await repository.count_improvements(uow, tenant.id) >= MAX_ACTIONS_PER_COMPANY:
        detail = message("A company has at most %(most)s actions.", most=Count(MAX_ACTIONS_PER_COMPANY))
        raise ImprovementFaulty([FieldFault(field="/title", detail=detail)])


def _refuse_due(due: date, opened: date) -> None:
    if not opened <= due <= opened + timedelta(days=MAX_DUE_DAYS):
        detail = message("Choose a day from the opening on, within three years.")
        raise ImprovementFaulty([FieldFault(field="/due", detail=detail)])
