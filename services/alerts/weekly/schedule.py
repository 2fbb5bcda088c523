"""A deadline for each company: it tells the letter, and is set anew for the next Monday at eight."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

from services.alerts.chats.queueing import ChatItem, queue_chats
from services.alerts.notices.queueing import WantedNotice, queue_notices
from services.alerts.staff.repository import people
from services.alerts.view_mails.repository import begin_weeks
from services.alerts.weekly import repository
from services.alerts.weekly.domain import letter_of, next_letter
from services.alerts.weekly.kinds import LETTER_ROLES
from services.alerts.weekly.letter import POLICY
from shared.db.database import Database, UnitOfWork
from shared.db.deadlines import Deadline, move_deadlines, set_deadlines
from shared.events import Event, Tenant
from shared.ids import derived
from shared.runtime import Loop, Periodic
from shared.service import Context
from shared.tenancy.closed import find_left
from shared.tenancy.tenants import find_tenants
from shared.values.zones import zone_of

WEEKLY_DEADLINE = "weekly"
WEEKLY_KIND = "weekly"
WEEKLY_LOOP = "letters of Monday"
MISSING_INTERVAL_S = 60.0
MOST_AT_ONCE = 1_000
SCORES_KEPT = timedelta(days=22)
"""Two Sundays, and a letter that is some days late."""
MOST_DELETED = 5_000
"""Scores in one transaction, of all companies."""


async def send_letters(uow: UnitOfWork, due: Sequence[Deadline]) -> Collection[Deadline]:
    """Queue the letters of the last Monday, however many were missed, and set the next deadlines."""
    companies = await _present(uow, [one.tenant for one in due])
    readers = await people.working_on_cases(uow, list(companies), LETTER_ROLES)
    wanted: list[WantedNotice] = []
    items: list[ChatItem] = []
    following: list[Deadline] = []
    mondays: list[tuple[str, date]] = []
    for one in due:
        company = companies.get(one.tenant)
        if company is None:
            continue
        zone = zone_of(company.time_zone)
        following.append(deadline_of(company.id, company.time_zone, uow))
        monday = (week := letter_of(POLICY, uow.now, zone)).isoformat()
        mondays.append((company.id, week))
        parts, about = (WEEKLY_KIND, monday), {"monday": monday}
        wanted += [
            WantedNotice(tenant=company.id, person=person["id"], kind=WEEKLY_KIND, parts=parts, about=about)
            for person in readers.get(company.id, [])
        ]
        items.append(ChatItem(company.id, WEEKLY_KIND, (monday,), about, for_all_teams=True))
    await set_deadlines(uow, following)
    await queue_notices(uow, wanted)
    await queue_chats(uow, "weekly", items)
    await begin_weeks(uow, mondays)
    return due


async def move_letters(uow: UnitOfWork, events: Sequence[Event[Tenant]]) -> None:
    """Handle ``tenants`` events, too, after they are kept: the company's clock may be another one.

    A letter that is due is told first.
    """
    tenants = {event.tenant for event in events}
    later = await repository.companies_with_later_deadline(uow, WEEKLY_DEADLINE, tenants)
    companies = await find_tenants(uow, later)
    await move_deadlines(uow, [deadline_of(one.id, one.time_zone, uow) for one in companies.values()])


async def set_missing(database: Database) -> None:
    """Set the deadline of each company that has none: a new one, or one from before there were letters."""
    async with database.transaction() as uow:
        missing = await repository.companies_without_deadline(uow, WEEKLY_DEADLINE, MOST_AT_ONCE)
        if missing:
            companies = await _present(uow, missing)
            await set_deadlines(uow, [deadline_of(one.id, one.time_zone, uow) for one in companies.values()])


async def _present(uow: UnitOfWork, tenants: Sequence[str]) -> dict[str, Tenant]:
    """Those of the companies that have not left: of the others nothing may be stored."""
    left = await find_left(uow, tenants)
    return await find_tenants(uow, [one for one in tenants if one not in left])


async def delete_old_scores(database: Database) -> None:
    """Delete scores of which no letter tells any more, some thousands in a transaction."""
    deleted = MOST_DELETED
    while deleted == MOST_DELETED:
        async with database.transaction() as uow:
            before = uow.now.date() - SCORES_KEPT
            deleted = await repository.delete_old_scores(uow, before, MOST_DELETED)


def missing_letters_loop(context: Context) -> Loop:
    """The loop that sets deadlines which are missing."""

    async def step() -> None:
        await set_missing(context.database)

    return Periodic(WEEKLY_LOOP, step, MISSING_INTERVAL_S, context.health).run


def deadline_of(tenant: str, time_zone: str, uow: UnitOfWork) -> Deadline:
    """The next letter of a company."""
    return Deadline(tenant, WEEKLY_DEADLINE, _about(tenant), next_letter(POLICY, uow.now, zone_of(time_zone)))


def _about(tenant: str) -> UUID:
    return derived("weekly", tenant)
