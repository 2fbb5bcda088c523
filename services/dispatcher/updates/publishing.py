"""Plan the mails that tell customers of actions: in pages, each person of an action once."""

from typing import Any

from msgspec.structs import replace
from sqlalchemy import Row

from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.one_by_one import OneByOne
from services.dispatcher.replies.queueing import queue_mails
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.tenants import tenant_or_placeholder
from services.dispatcher.updates import repository
from services.dispatcher.updates.domain import PublishedAction, RaisedCase, update_of
from services.dispatcher.updates.judging import UPDATE_POLICY, judge_update
from shared.db import UnitOfWork
from shared.db.database import Database

UPDATES_LOOP = "updates"
PERSONS_PER_PAGE = 100
"""Judged and planned in one transaction."""


async def advance_updates(
    database: Database, secret: str, policy: ContactPolicy, one_by_one: OneByOne | None = None
) -> None:
    """Plan the mails of all actions that are to be told.

    Two workers that plan the same mail at once store it once: its id is made of the action and the person.

    :param one_by_one: remembers which failed before.
    """
    async with database.reading() as uow:
        published = await repository.list_published(uow, uow.now - UPDATE_POLICY.max_age)

    async def advance(row: Row[Any]) -> bool:
        action, after = repository.action_of(row), ""
        while True:
            async with database.transaction() as uow:
                zone = (await tenant_or_placeholder(uow, action.tenant)).time_zone
                page = await repository.list_raised(uow, action, zone, after, PERSONS_PER_PAGE)
                await _plan(uow, secret, policy, action, page)
            if len(page) < PERSONS_PER_PAGE:
                return False
            after = page[-1].person

    await (one_by_one or OneByOne(UPDATES_LOOP, database)).advance(published, advance)


async def _plan(
    uow: UnitOfWork,
    secret: str,
    policy: ContactPolicy,
    action: PublishedAction,
    raised: list[RaisedCase],
) -> None:
    """Queue the mails to these persons, or say why they get none."""
    if not raised:
        return
    sending = await find_sending(uow, action.tenant)
    mails, due_at = [], {}
    for case in raised:
        mail = update_of(action, case, uow.now)
        judged = await judge_update(uow, secret, policy, mail, sending)
        # The person stays that of the case: by it the mail is known to be written.
        named = replace(judged.found.named(mail), person=mail.person)
        if judged.found.reason is not None:
            mails.append(replace(named, state="refused", reason=judged.found.reason))
        else:
            mails.append(named)
            due_at[mail.id] = judged.hold.until
    await queue_mails(uow, "update", mails, due_at)
