"""Cases restored from their own events, when the database was restored from an older backup.

A case is published without its notes and texts: those written since the backup are lost, and its page says
so. Nobody who may have got a mail about a case since then gets it again.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

from services.alerts.cases.changes import write_changes
from services.alerts.cases.domain import case_rules
from services.alerts.cases.domain.actor import SYSTEM
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.closing import CASE_OUTCOMES
from services.alerts.cases.domain.policy import CasePolicy, current_policy
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.judging import judge
from services.alerts.cases.repository.answers import answer_ids_of_cases
from services.alerts.cases.team_notices import answer_notice
from services.alerts.chats.repository import messages as chat_messages
from services.alerts.incidents.repository import incidents
from services.alerts.introductions.blocking import block_by_cases, key_of_case
from services.alerts.introductions.handlers import keep_restored
from services.alerts.introductions.notices import INTRODUCTION_NOTICE
from services.alerts.introductions.opening import INTRODUCTION_DEADLINE
from services.alerts.notices.queueing import queue_notices
from services.alerts.recovery import repository
from services.alerts.recovery.mails import restore_mails
from services.alerts.replicas.answer_updates import answer_updates
from services.alerts.rules.clocks import PRIORITIES
from services.alerts.rules.domain import default_clocks
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.segment_alerts.handlers import keep_falls
from services.alerts.staff.repository import people
from services.alerts.staff.repository.sessions import end_all_sign_ins
from services.alerts.view_mails.repository import end_weeks
from services.alerts.webhooks.wanted_types import publish_differing, restore_wanted, wanted_page
from services.alerts.weekly.schedule import WEEKLY_DEADLINE
from shared.db.database import UnitOfWork
from shared.db.deadlines import clear_due_deadlines
from shared.events import ANSWERS, CASES, FALLS, REPLIES, WEBHOOKS, Answer, Case, Event, segments_of
from shared.events.dedupe import newest
from shared.kafka.kernel import Subscription
from shared.kafka.ops.recovery import Cursor, Owned, Recovery
from shared.outbound import deliveries
from shared.permissions import CASE_ROLES
from shared.service import Context

LOST = (
    "Notes, what was written at closing, people, passwords and sessions, and who acknowledged or closed an "
    "alert on a segment, as far as they came since the backup, are gone: nobody else holds them. So is "
    "what was done about introductions; answers since the backup open no task: their customers may have been "
    "asked. All sessions and links to sign in end, since those that were ended since the backup would open "
    "again; invite those anew who have not set a password."
)


def recovery(context: Context) -> Recovery:  # noqa: ARG001  (one signature for all services)
    """What alerts reads again, and what it can publish again."""
    policy, cache = current_policy(), CompanySetups()
    return Recovery(
        owned=(Owned(CASES, cases_page), Owned(WEBHOOKS, wanted_page)),
        reads=(
            Subscription(CASES, restore_closed_cases),
            Subscription(CASES, restore_cases),
            Subscription(WEBHOOKS, restore_wanted),
            Subscription(FALLS, keep_falls),
            Subscription(ANSWERS, partial(restore_answers, policy, cache)),
            Subscription(REPLIES, restore_mails),
            Subscription(ANSWERS, partial(keep_restored, policy)),
        ),
        settle=settle,
        lost=LOST,
    )


async def restore_closed_cases(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Restore the closed cases before the open ones: a customer has one open case."""
    await restore_cases(uow, [event for event in events if event.data.state == "closed"])


async def restore_cases(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Restore the cases whose events are newer than their rows."""
    latest = newest(events, lambda case: case.id)
    for by_older_version in (True, False):
        told = [event for event in latest if (event.data.stage is None) == by_older_version]
        files = [case_file_of(event) for event in told]
        await repository.restore_cases(uow, files, by_older_version=by_older_version)
        await block_by_cases(uow, [(one.tenant, key_of_case(one)) for one in files if one.state != "closed"])


async def restore_answers(
    policy: CasePolicy, cache: CompanySetups, uow: UnitOfWork, events: Sequence[Event[Answer]]
) -> None:
    """Attach answers to the cases that were restored. The team may have got a mail about each of them.

    What its people get in a digest is told, unless that digest was due already.
    """
    judged = await judge(uow, policy, cache, answer_updates(events))
    unhappy = [
        (update.tenant, update.answer, case_rules.case_id(*update.key)) for update, _ in judged.opening
    ]
    if not unhappy:
        return
    await repository.attach_answers(uow, unhappy)
    people_by_tenant = await people.working_on_cases(uow, [tenant for tenant, _, _ in unhappy], CASE_ROLES)
    unknown = [
        replace(
            answer_notice(tenant, person["id"], case, answer.id), since=answer.changed_at + policy.quiet_after
        )
        for tenant, answer, case in unhappy
        for person in people_by_tenant.get(tenant, [])
    ]
    await queue_notices(uow, unknown, state="unknown")


async def settle(uow: UnitOfWork, limit: int) -> int:
    """Make the mails that were due unknown, and record on each restored case that it was restored.

    Steps of clocks that were due may have been done since the backup: they count as done, and tell nobody;
    cases that waited until then go on, by the hours of when they were paused. Letters of Monday
    and ends of incidents that were due are told to nobody; messages to chats are unknown. All sessions and
    links to sign in end: those that were ended or used since the backup would open again.
    """
    settled = len(await deliveries.end_possibly_sent(uow, limit)) + await repository.end_overdue_writing(uow)
    settled += await publish_differing(uow, limit)
    settled += await incidents.end_all(uow)
    settled += await clear_due_deadlines(uow, WEEKLY_DEADLINE)
    settled += await end_weeks(uow)
    settled += await end_all_sign_ins(uow)
    settled += await clear_due_deadlines(uow, INTRODUCTION_NOTICE)
    settled += await clear_due_deadlines(uow, INTRODUCTION_DEADLINE)
    settled += await chat_messages.end_possibly_sent(uow)
    entries: Entries = []
    overdue = await repository.lock_overdue_cases(uow, limit)
    for case in overdue:
        case.wake_if_due(entries, uow.now, case.waiting_calendar)
        case.do_due_steps(entries, uow.now)
    if overdue:
        await write_changes(uow, overdue, entries)
    settled, entries = settled + len(overdue), []
    restored = await repository.lock_restored_cases(uow, limit)
    for case in restored:
        case.restored(entries, uow.now)
        case.wake_if_due(entries, uow.now, case.waiting_calendar)
    if restored:
        await write_changes(uow, restored, entries)
    return settled + len(restored)


async def cases_page(
    uow: UnitOfWork, after: Cursor | None, limit: int
) -> tuple[list[tuple[str, Case]], Cursor | None]:
    """The next cases behind a cursor, to be published again."""
    found = await repository.lock_cases_after(uow, after, limit)
    answers = await answer_ids_of_cases(uow, [(case.tenant, case.id) for case in found])
    events = [(case.tenant, case.published(answers[case.tenant, case.id])) for case in found]
    return events, (found[-1].tenant, found[-1].id) if len(found) == limit else None


def case_file_of(event: Event[Case]) -> CaseFile:
    """A case as far as its event tells it: of its two deadlines the event has the next one only.

    One whose customer was erased from its event is closed: nobody would find it to end it.
    """
    case = event.data
    clocks = default_clocks(case.score)
    # Of one that waits the event has when something is due after the wait.
    paused = case.waits_until - event.time if case.waits_until else timedelta()
    due = case.due_at - paused
    closing = case.first_contact_at is not None or case.may_contact is False or case.anonymous
    return CaseFile(
        tenant=event.tenant,
        id=case.id,
        number=case.number,
        version=case.version,
        decided_version=case.version,
        decided_by=SYSTEM.name,
        state="closed" if case.erased else case.state,
        answer_id=case.answer_id,
        event_id=case.event_id,
        customer_id=case.customer_id,
        score=case.score,
        touchpoint=case.touchpoint,
        segments=case.segments,
        organisation=list(case.organisation),
        belongs=list(case.belongs) or segments_of(case),
        owner_id=_person_id(case.owner),
        cause=case.cause,
        outcome=next((one for one in CASE_OUTCOMES if one == case.outcome), None),
        opened_at=case.opened_at,
        contact_due_at=case.opened_at + clocks.first_contact.length(None) if closing else due,
        close_due_at=due if closing else case.opened_at + clocks.closing.length(None),
        due_at=case.due_at,
        first_contact_at=case.first_contact_at,
        told=case.told,
        priority=next((one for one in PRIORITIES if one == case.priority), "normal"),
        team_id=case.team_id,
        waiting_since=event.time if case.waits_until else None,
        wake_at=case.waits_until,
        closed_at=case.closed_at or (event.time if case.erased else None),
        reopened_at=case.reopened_at,
        changed_at=event.time,
        contact_key=case.contact_key or "",
        person=case.person,
        erased=case.erased,
        anonymous=case.anonymous,
        may_contact=case.may_contact,
    )


def _person_id(owner: str | None) -> UUID | None:
    """The owner's id, if it is a person of ours."""
    try:
        return UUID(owner) if owner else None
    except ValueError:
        return None
