"""Choosing what one is told, and switching browsers on and off, by whichever door it is asked for."""

import hashlib
from uuid import UUID

import msgspec

from services.alerts.errors import StaleForm
from services.alerts.notices.choices import NoticeChoices
from services.alerts.notices.pushes import sealed_subscription
from services.alerts.notices.queueing import queue_test
from services.alerts.notices.recipients import read_choices
from services.alerts.notices.repository import choices as choice_rows
from services.alerts.notices.repository import push_subscriptions
from services.alerts.staff.repository import people
from services.alerts.staff.settings_acts import fingerprint
from shared.db.database import UnitOfWork
from shared.ids import uuid7
from shared.outbound.web_push import PushSubscription

MOST_BROWSERS = 10


class TooManyBrowsers(Exception):
    """The person has as many as they may have."""


async def save_choices(
    uow: UnitOfWork, tenant: str, person: UUID, wanted: NoticeChoices, *, mail: bool, seen: str | None = None
) -> bool:
    """Replace the choices of a person; False when the company has nobody of this id.

    :param seen: the fingerprint of the choices that a form was rendered from; None: whatever they are by now.
    :raises StaleForm: when they have been changed since, unless to the same.
    """
    found = await people.find_person(uow, tenant, person, lock=True)
    if found is None:
        return False
    stored = read_choices(await choice_rows.find(uow, tenant, person))
    if seen is not None and choices_fingerprint(stored, mail=found.wants_mail) != seen:
        if (stored, found.wants_mail) == (wanted, mail):
            return True
        raise StaleForm
    await choice_rows.write(uow, tenant, person, msgspec.json.encode(wanted).decode())
    await people.set_wants_mail(uow, tenant, person, wants_mail=mail)
    return True


def choices_fingerprint(choices: NoticeChoices, *, mail: bool) -> str:
    """What the form of these choices was rendered from."""
    return fingerprint(msgspec.to_builtins(choices), mail)


async def switch_on(
    uow: UnitOfWork,
    secret: str,
    tenant: str,
    person: UUID,
    session: UUID,
    subscription: PushSubscription,
    device: str,
) -> None:
    """Let a browser show what a person is told, until the session in it ends.

    :raises BadSubscription: when what it gave is no subscription.
    :raises TooManyBrowsers: when the person has too many.
    """
    subscription.checked()
    await people.find_person(uow, tenant, person, lock=True)
    digest = hashlib.sha256(subscription.endpoint.encode()).hexdigest()
    browser = uuid7()
    sealed = sealed_subscription(secret, tenant, browser, subscription)
    await push_subscriptions.add(
        uow, tenant, browser, person=person, session=session, digest=digest, sealed=sealed, device=device
    )
    if len(await push_subscriptions.of_person(uow, tenant, person)) > MOST_BROWSERS:
        raise TooManyBrowsers


async def try_browser(uow: UnitOfWork, tenant: str, person: UUID, browser: UUID) -> bool:
    """Send a test to a browser of this person; False when they have none of this id."""
    found = await push_subscriptions.of_person(uow, tenant, person)
    if browser not in {one.id for one in found}:
        return False
    await queue_test(uow, tenant, person, browser)
    return True
