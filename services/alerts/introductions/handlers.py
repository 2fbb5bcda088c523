"""Answers and events that arrive: a promoter's is decided about, and a detractor's blocks open tasks."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.alerts.cases.domain.case_rules import writing_until
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.introductions.blocking import block
from services.alerts.introductions.domain import BlockReason, Introduction
from services.alerts.introductions.eligibility import INTRODUCTION_POLICY, is_promoter
from services.alerts.introductions.opening import INTRODUCTION_DEADLINE
from services.alerts.introductions.repository import introductions, judging, setting
from services.alerts.introductions.repository.introductions import Key
from services.alerts.introductions.repository.judging import PromoterAnswer
from shared.db.database import UnitOfWork
from shared.db.deadlines import Deadline, set_deadlines
from shared.events import Answer, Event, Invitation
from shared.events.nps import HIGHEST_DETRACTOR


async def follow_answers(policy: CasePolicy, uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Handle ``answers`` events, too, after they are kept: of each what is stored counts, whatever came."""
    settings = await setting.settings_of(uow, {event.tenant for event in events})
    keys = {(event.tenant, event.data.id) for event in events if event.tenant in settings}
    if not keys:
        return
    stored = await judging.stored_answers(uow, keys)
    # Deadlines first: whoever fires them locks the setting afterwards.
    await _decide_later(uow, policy, settings, stored)
    await _block(uow, [one for one in stored if not is_promoter(one.answer, policy)])


async def follow_invitations(
    policy: CasePolicy, uow: UnitOfWork, events: Sequence[Event[Invitation]]
) -> None:
    """Handle ``invitations`` events, too, after they are kept: answers that came before are decided about."""
    settings = await setting.settings_of(uow, {event.tenant for event in events})
    keys = {(event.tenant, event.data.id) for event in events if settings.get(event.tenant) is not None}
    if keys:
        await _decide_later(uow, policy, settings, await judging.stored_answers(uow, keys))


async def keep_restored(policy: CasePolicy, uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Handle ``answers`` events after a restore: what came since the backup opens no task.

    What was done about it since then is lost, so its customer may have been asked.
    """
    settings = await setting.settings_of(uow, {event.tenant for event in events})
    newest: dict[Key, Answer] = {}
    for event in events:
        key = (event.tenant, event.data.id)
        if settings.get(event.tenant) is not None and (
            key not in newest or newest[key].version < event.data.version
        ):
            newest[key] = event.data
    if not newest:
        return
    known = {one.about: one.answer.version for one in await judging.stored_answers(uow, newest)}
    found = [
        judging.candidate_of(tenant, answer)
        for (tenant, answer_id), answer in sorted(newest.items())
        if is_promoter(answer, policy) and known.get((tenant, answer_id), -1) < answer.version
    ]
    await judging.keep_reasons(uow, [(one, "restored") for one in found])


async def _decide_later(
    uow: UnitOfWork,
    policy: CasePolicy,
    settings: Mapping[str, datetime | None],
    answers: Sequence[PromoterAnswer],
) -> None:
    """Set the deadline of each promoter's answer that is new: when its customer has finished."""
    oldest = uow.now - INTRODUCTION_POLICY.considered_within
    deadlines = [
        Deadline(one.tenant, INTRODUCTION_DEADLINE, one.answer.id, _finished_at(one, policy, uow.now))
        for one in answers
        if (since := settings.get(one.tenant)) is not None
        and one.answer.changed_at >= max(oldest, since)
        and is_promoter(one.answer, policy)
    ]
    if deadlines:
        await set_deadlines(uow, deadlines)


def _finished_at(one: PromoterAnswer, policy: CasePolicy, now: datetime) -> datetime:
    return max(writing_until(one.answer, policy) or now, now)


async def _block(uow: UnitOfWork, others: Collection[PromoterAnswer]) -> None:
    """Block the open tasks of these answers, and of detractors those of earlier answers."""
    if not others:
        return
    found: dict[Key, tuple[Introduction, BlockReason]] = {}
    own = {one.about: one.answer for one in others}
    for task in await introductions.lock_open_of_answers(uow, list(own)):
        machine = own[task.tenant, task.answer_id].judgement == "machine"
        found[task.tenant, task.id] = (task, "machine" if machine else "answer_changed")
    unhappy = [one for one in others if _is_unhappy(one.answer)]
    await setting.keep_from_opening(uow, {one.tenant for one in unhappy})
    for task in await introductions.lock_open_of_customers(uow, [(one.tenant, one.key) for one in unhappy]):
        if any(_is_later(one, task) for one in unhappy):
            found.setdefault((task.tenant, task.id), (task, "unhappy_answer"))
    await block(uow, found)


def _is_unhappy(answer: Answer) -> bool:
    score, erased = answer.score, answer.erased or answer.test
    return score is not None and score <= HIGHEST_DETRACTOR and not erased and answer.judgement != "machine"


def _is_later(one: PromoterAnswer, task: Introduction) -> bool:
    same = one.key.may_be(task.person, task.customer_id, task.contact_key)
    return one.tenant == task.tenant and same and one.answer.changed_at > task.said_at
