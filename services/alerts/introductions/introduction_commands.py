"""What people and programs do to tasks, and whether a company has any."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from services.alerts.errors import SetupFaulty
from services.alerts.introductions.domain import (
    Introduction,
    IntroductionAct,
    IntroductionRefused,
    acted,
    is_done,
    step_of,
)
from services.alerts.introductions.introduction_users import IntroductionUser
from services.alerts.introductions.notices import INTRODUCTION_NOTICE
from services.alerts.introductions.repository import introductions, setting
from services.alerts.rules.setup import CompanySetup
from services.alerts.teams.routing import team_of_person
from shared.db.database import UnitOfWork
from shared.db.deadlines import Deadline, set_deadlines
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import message


async def act_on_introduction(
    uow: UnitOfWork,
    setup: CompanySetup,
    user: IntroductionUser,
    task_id: UUID,
    version: int,
    act: IntroductionAct,
) -> Introduction | None:
    """Do something to a task; the same request sent again changes nothing. None: there is none for this user.

    :param version: the one that the user has seen.
    :raises IntroductionRefused: when somebody was faster, or its state does not permit the act.
    :raises SetupFaulty: when it is handed over to somebody who may not see it or works on no cases.
    """
    task = await introductions.find_introduction(uow, user.scope, task_id, lock=True)
    if task is None:
        return None
    if act.name == "hand_over":
        act = _with_team(setup, task, act, uow.now)
    if task.version != version:
        last = await introductions.last_step(uow, task.tenant, task.id)
        if task.version == version + 1 and is_done(task, last, act, user.actor):
            return task
        raise IntroductionRefused(message("The task has gone on meanwhile. Look at it again."))
    after = acted(task, act, uow.now)
    await introductions.write_introductions(uow, [after])
    step = step_of(after, act.name, uow.now, user.actor, act.detail)
    await introductions.add_steps(uow, [step])
    if act.name == "hand_over" and after.state == "open" and after.owner_id != user.actor.id:
        # Who owns it now is told by the loop of deadlines, which queues notices last.
        await set_deadlines(uow, [Deadline(task.tenant, INTRODUCTION_NOTICE, task.id, uow.now)])
    return after


async def switch_introductions(uow: UnitOfWork, tenant: str, who: AuditActor, *, enabled: bool) -> None:
    """Let promoters' answers open tasks from now on, or no longer; tasks that there are stay."""
    if await setting.set_enabled(uow, tenant, enabled=enabled):
        record_audit(uow, tenant, who, "introductions", None, enabled=enabled)


def _with_team(
    setup: CompanySetup, task: Introduction, act: IntroductionAct, now: datetime
) -> IntroductionAct:
    person = setup.people.get(act.owner) if act.owner is not None else None
    if person is None or not person.may_work_on(list(task.belongs)):
        detail = message("Choose a colleague who works on cases and may see the answer of this customer.")
        raise SetupFaulty([FieldFault(field="/person", detail=detail)])
    return replace(act, team=team_of_person(setup, list(task.belongs), person.id, now))
