"""By the clock: customers who have been quiet have finished, delays are told, and expired rows deleted."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from services.alerts.cases.case_handlers import handlers_of_cases
from services.alerts.cases.changes import set_case_deadlines, write_changes
from services.alerts.cases.domain.case_clocks import ClockName, ClockStep
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.repository import answers as case_answers
from services.alerts.cases.repository import cases
from services.alerts.cases.team_notices import queue_team_notices
from services.alerts.chats.queueing import ChatItem, deadline_item, queue_chats
from services.alerts.incidents.domain import IncidentPolicy
from services.alerts.incidents.repository import incidents
from services.alerts.notices.queueing import WantedNotice, queue_notices
from services.alerts.notices.repository import push_subscriptions
from services.alerts.replicas import repository as replicas
from services.alerts.rules.setup import CompanySetup
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.staff.repository import links, sessions
from services.alerts.teams.routing import holders, recipients
from services.alerts.weekly.schedule import delete_old_scores
from shared.db.database import Database, UnitOfWork
from shared.db.deadlines import Deadline
from shared.runtime import Loop, Periodic
from shared.service import Context

EXPIRY_LOOP = "expired rows"
EXPIRY_INTERVAL_S = 60.0
CLOCK_KINDS: dict[tuple[ClockName, bool], str] = {
    ("contact", False): "contact_warning",
    ("contact", True): "contact_escalation",
    ("closing", False): "closing_warning",
    ("closing", True): "closing_escalation",
}
"""The kind of notice by the clock, and whether its deadline was missed."""


async def settle_quiet_answers(
    policy: CasePolicy, cache: CompanySetups, uow: UnitOfWork, due: Sequence[Deadline]
) -> list[Deadline]:
    """End the writing of answers whose quiet time is over, and notify the team.

    A case that is in use is not waited for (see ``shared.db.deadlines``): its answers are settled next time.
    """
    known = await case_answers.cases_of_answers(uow, [deadline.about for deadline in due])
    keys = sorted({(tenant, case) for (tenant, _), case in known.items()})
    locked = {(case.tenant, case.id): case for case in await cases.lock_cases(uow, keys, skip_locked=True)}
    fired = [one for one in due if one.about not in known or (one.tenant, known[one.about]) in locked]
    settled = await case_answers.end_writing(uow, [deadline.about for deadline in fired])
    answers = await replicas.newest_answers(uow, [(tenant, answer) for tenant, _, answer in settled])
    entries: Entries = []
    finished = [(locked[tenant, case], answers[tenant, answer][0]) for tenant, case, answer in settled]
    for case, _ in finished:
        case.changed_at = uow.now
    await set_case_deadlines(uow, list(locked.values()))
    setups = await cache.of(uow, {case.tenant for case, _ in finished})
    await queue_team_notices(uow, policy, setups, finished, entries)
    await write_changes(uow, list(locked.values()), entries)
    return fired


async def do_case_steps(
    cache: CompanySetups, uow: UnitOfWork, due: Sequence[Deadline]
) -> Collection[Deadline]:
    """Warn of deadlines of cases, and escalate those that were missed: once for each level; and let those go
    on that waited until now.

    A case that is in use is not waited for, as above.
    """
    locked = await cases.lock_cases(uow, [deadline.about for deadline in due], skip_locked=True)
    setups = await cache.of(uow, {case.tenant for case in locked})
    entries: Entries = []
    wanted: list[WantedNotice] = []
    missed: list[ChatItem] = []
    handlers_by_case = await handlers_of_cases(uow, setups, locked)
    for case in locked:
        case.next_step_at = None  # its row is deleted: it is set anew where another step follows
        setup, handlers = setups[case.tenant], handlers_by_case.get((case.tenant, case.id), frozenset())
        if case.wake_if_due(entries, uow.now, setup.calendar_of(case.team_id)):
            told = _holders(setup, case, uow.now, handlers)
            wanted += [_waking_notice(case, one) for one in told]
        for clock, step in case.do_due_steps(entries, uow.now):
            people = _people_of_step(setup, case, step, uow.now, handlers)
            wanted += [_step_notice(case, clock, step, one) for one in people]
            if step.level == 1:
                kind = CLOCK_KINDS[clock, True]
                missed.append(deadline_item(case.tenant, case.id, kind, step.at, case.belongs, case.team_id))
    await set_case_deadlines(uow, locked)
    await queue_notices(uow, wanted)
    await queue_chats(uow, "deadlines", missed)
    await write_changes(uow, locked, entries)
    done = {(case.tenant, case.id) for case in locked}
    return [deadline for deadline in due if deadline.about in done]


def _step_notice(case: CaseFile, clock: ClockName, step: ClockStep, person: UUID) -> WantedNotice:
    """A notice of a step; it is about the answer that heads the case."""
    kind = CLOCK_KINDS[clock, step.level > 0]
    parts = (str(case.id), kind, str(step.level), step.at.isoformat())
    return WantedNotice(
        tenant=case.tenant, person=person, kind=kind, parts=parts, case_id=case.id, answer_id=case.answer_id
    )


def _waking_notice(case: CaseFile, person: UUID) -> WantedNotice:
    """A notice that a case waits no more; it is about the answer that heads the case."""
    parts = (str(case.id), "woken", str(case.version))
    return WantedNotice(
        tenant=case.tenant,
        person=person,
        kind="woken",
        parts=parts,
        case_id=case.id,
        answer_id=case.answer_id,
    )


def _people_of_step(
    setup: CompanySetup, case: CaseFile, step: ClockStep, now: datetime, handlers: frozenset[UUID]
) -> Collection[UUID]:
    if step.to is None:
        return _holders(setup, case, now, handlers)
    return recipients(setup, step.to, case.belongs, case.team_id, now, handlers)


def _holders(
    setup: CompanySetup, case: CaseFile, now: datetime, handlers: frozenset[UUID]
) -> Collection[UUID]:
    return holders(setup, case.owner_id, case.routed_to, case.belongs, case.team_id, now, handlers)


def expiry_loop(context: Context) -> Loop:
    """The loop that deletes expired rows."""

    async def step() -> None:
        await delete_expired(context.database)

    return Periodic(EXPIRY_LOOP, step, EXPIRY_INTERVAL_S, context.health).run


async def delete_expired(database: Database) -> None:
    """Delete sessions and links that are over, browsers of ended sessions, and cases that count no more; then
    old scores.
    """
    async with database.transaction() as uow:
        await sessions.delete_expired_sessions(uow)
        await links.delete_expired_links(uow)
        await push_subscriptions.delete_without_session(uow)
        await incidents.delete_uncounted(uow, uow.now - IncidentPolicy().counted_for)
    await delete_old_scores(database)
