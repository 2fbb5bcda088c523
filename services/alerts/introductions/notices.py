"""What the account manager is told of a task: that it is there, and that it is late."""

from collections.abc import Collection, Sequence
from uuid import UUID

from services.alerts.introductions.domain import Introduction
from services.alerts.introductions.repository import introductions
from services.alerts.introductions.repository.introductions import IntroductionScope
from services.alerts.introductions.words import new_task_sentence, overdue_sentence
from services.alerts.notices.kinds import NoticeText, WaitingNotice
from services.alerts.notices.queueing import WantedNotice, queue_notices
from shared.db.database import UnitOfWork
from shared.db.deadlines import Deadline, set_deadlines
from shared.pages.language import translated
from shared.permissions import CASE_ROLES

INTRODUCTION_NOTICE = "introduction_notice"
"""The kind of deadline at which the owner of a task is told of it: that it is there, and that it is late."""
NEW_INTRODUCTION = "introduction"
OVERDUE_INTRODUCTION = "introduction_overdue"


async def notify_owners(uow: UnitOfWork, due: Sequence[Deadline]) -> Collection[Deadline]:
    """Tell the owners of open tasks; a task that is in use is not waited for (``shared.db.deadlines``)."""
    tasks = {(one.tenant, one.id): one for one in await introductions.lock_free(uow, [d.about for d in due])}
    unfinished = [task for task in tasks.values() if task.state == "open" and task.owner_id is not None]
    await set_deadlines(
        uow,
        [
            Deadline(task.tenant, INTRODUCTION_NOTICE, task.id, task.due_at)
            for task in unfinished
            if task.due_at > uow.now
        ],
    )
    await queue_notices(
        uow,
        [
            _wanted(task, OVERDUE_INTRODUCTION if task.due_at <= uow.now else NEW_INTRODUCTION, task.owner_id)
            for task in unfinished
            if task.owner_id is not None
        ],
    )
    missing = await introductions.missing(uow, [one.about for one in due if one.about not in tasks])
    return [one for one in due if one.about in tasks or one.about in missing]


def _wanted(task: Introduction, kind: str, owner: UUID) -> WantedNotice:
    return WantedNotice(
        tenant=task.tenant,
        person=owner,
        kind=kind,
        parts=(str(task.id), kind),
        about={"introduction": str(task.id)},
    )


async def prepare_introduction(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """About a task; None when it is not open any more, or not the person's."""
    task_id = notice.about.get("introduction")
    if notice.role not in CASE_ROLES or not isinstance(task_id, str):
        return None
    scope = IntroductionScope(notice.tenant, notice.segments, owner=notice.staff_id)
    task = await introductions.find_introduction(uow, scope, UUID(task_id))
    if task is None or task.state != "open" or task.owner_id != notice.staff_id:
        return None
    late = notice.kind == OVERDUE_INTRODUCTION
    return NoticeText(
        subject=translated("A customer has not been asked for an introduction yet")
        if late
        else translated("Ask a customer for an introduction"),
        paragraphs=[
            overdue_sentence(task, uow.now, notice.zone)
            if late
            else new_task_sentence(task, uow.now, notice.zone)
        ],
        call=translated("Read it and act:"),
        path=f"/introductions/{task.id}",
    )
