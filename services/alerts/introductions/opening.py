"""By the clock: what a promoter has said is complete, and it is decided whether somebody is to ask them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.alerts.calendars.working_time import after
from services.alerts.cases.domain.case_rules import writing_until
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.introductions.domain import Introduction, introduction_id, step_of
from services.alerts.introductions.eligibility import (
    INTRODUCTION_POLICY,
    NoTaskReason,
    PromoterFacts,
    is_promoter,
    no_task_reason,
)
from services.alerts.introductions.notices import INTRODUCTION_NOTICE
from services.alerts.introductions.repository import introductions, judging, setting
from services.alerts.introductions.repository.judging import PromoterAnswer, PromoterHistory
from services.alerts.replicas import repository as replicas
from services.alerts.rules.setup import CompanySetup
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.teams.routing import Route, account_manager, team_of_person
from shared.db.database import UnitOfWork
from shared.db.deadlines import Deadline, set_deadlines
from shared.events import Invitation, segments_of
from shared.tenancy.tenants import find_tenants

INTRODUCTION_DEADLINE = "introduction"
"""The kind of deadline by which it is decided about a promoter's answer."""


async def decide_introductions(
    policy: CasePolicy, cache: CompanySetups, uow: UnitOfWork, due: Sequence[Deadline]
) -> Collection[Deadline]:
    """Open a task for each of these answers, or keep why not.

    What is in use is not waited for (see ``shared.db.deadlines``): neither an answer that is being changed
    nor a company whose tasks are kept from being opened. Of two answers of one customer or account the
    earlier one is decided about first.
    """
    settings = await setting.settings_of(uow, {one.tenant for one in due})
    locked = await setting.lock_enabled(uow, settings)
    done = [one for one in due if settings.get(one.tenant) is None]
    waiting = {one.about: one for one in due if one.tenant in locked}
    stored = await judging.stored_answers(uow, waiting, share=True)
    done += [waiting[one.about] for one in stored]
    judged = await judging.judged_versions(uow, [one.about for one in stored])
    later: list[Deadline] = []
    candidates: list[PromoterAnswer] = []
    for one in stored:
        until = writing_until(one.answer, policy)
        known = judged.get(one.about)
        if not is_promoter(one.answer, policy):
            continue
        if until is not None and until > uow.now:
            later.append(Deadline(one.tenant, INTRODUCTION_DEADLINE, one.answer.id, until))
        elif known is None or _may_change(*known, one.answer.version):
            candidates.append(one)
    await _decide(uow, cache, sorted(candidates, key=lambda one: (one.answer.changed_at, one.answer.id)))
    await set_deadlines(uow, later)
    return done


def _may_change(judged: int, reason: str, version: int) -> bool:
    """Whether it is decided again about an answer that opened no task, of which there is this version now."""
    return reason == "event_unknown" or (judged < version and reason != "restored")


async def _decide(uow: UnitOfWork, cache: CompanySetups, candidates: Sequence[PromoterAnswer]) -> None:
    if not candidates:
        return
    setups = await cache.of(uow, {one.tenant for one in candidates})
    companies = await find_tenants(uow, [one.tenant for one in candidates])
    events = await replicas.invitations_of(uow, [one.about for one in candidates])
    accounts = [_account(events.get(one.about)) for one in candidates]
    histories = await judging.histories(uow, INTRODUCTION_POLICY, candidates, accounts)
    opened: list[tuple[PromoterAnswer, Introduction]] = []
    reasons: list[tuple[PromoterAnswer, NoTaskReason]] = []
    for one, account in zip(candidates, accounts, strict=True):
        history, event, setup = histories[one.about], events.get(one.about), setups[one.tenant]
        if history.opened_one:
            continue
        found = account_manager(setup, one.answer, event, uow.now) if event is not None else None
        company = companies.get(one.tenant)
        country = event.customer.country if event is not None else None
        facts = _facts(one, event, account, found, country or (company.country if company else None), history)
        reason = no_task_reason(facts, uow.now, INTRODUCTION_POLICY)
        if reason is None and any(_is_same(one, account, other, task) for other, task in opened):
            reason = "has_task"
        if reason is not None:
            reasons.append((one, reason))
        elif found is not None:
            opened.append((one, _task(one, account, found, setup, uow.now)))
    tasks = [task for _, task in opened]
    await introductions.add_introductions(uow, tasks)
    await introductions.add_steps(uow, [step_of(task, "opened", uow.now) for task in tasks])
    await judging.keep_reasons(uow, reasons)
    await judging.forget_reasons(uow, [one.about for one, _ in opened])
    await set_deadlines(uow, [Deadline(task.tenant, INTRODUCTION_NOTICE, task.id, uow.now) for task in tasks])


def _facts(
    one: PromoterAnswer,
    event: Invitation | None,
    account: str | None,
    found: Route | None,
    country: str | None,
    history: PromoterHistory,
) -> PromoterFacts:
    return PromoterFacts(
        answer=one.answer,
        has_event=event is not None,
        account=account,
        manager=found.owner if found is not None else None,
        country=country,
        case_open=history.case_open,
        case_not_recovered=history.case_not_recovered,
        unhappy_since=history.unhappy_since,
        asked_at=history.asked_at,
        has_task=history.has_task,
    )


def _is_same(one: PromoterAnswer, account: str | None, other: PromoterAnswer, task: Introduction) -> bool:
    """Whether a task that was opened just now is of the same customer or account."""
    key = other.key
    same = one.key.may_be(key.person, key.customer_id, key.contact_key)
    return one.tenant == other.tenant and (same or account == task.account_id)


def _account(event: Invitation | None) -> str | None:
    return event.account.id if event is not None and event.account is not None else None


def _task(
    one: PromoterAnswer, account: str | None, found: Route, setup: CompanySetup, now: datetime
) -> Introduction:
    """The task; it is due by the hours of the team of the account manager, from when the customer said it."""
    answer, belongs = one.answer, segments_of(one.answer)
    team = team_of_person(setup, belongs, found.owner, now) if found.owner is not None else None
    calendar = setup.calendar_of(team)
    length = INTRODUCTION_POLICY.asked_within.length(calendar)
    return Introduction(
        tenant=one.tenant,
        id=introduction_id(one.tenant, answer.id),
        answer_id=answer.id,
        person=one.key.person,
        customer_id=one.key.customer_id,
        contact_key=one.key.contact_key,
        account_id=account,
        owner_id=found.owner,
        team_id=team,
        belongs=tuple(belongs),
        score=answer.score or 0,
        said_at=answer.changed_at,
        opened_at=now,
        due_at=after(calendar, answer.changed_at, length),
        changed_at=now,
    )
