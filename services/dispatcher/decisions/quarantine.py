"""When contacts were last asked: rows that are locked before a decision, and written when one is asked."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.durations import days
from services.dispatcher.decisions.repository import asked as asked_rows
from services.dispatcher.decisions.repository import contacts as contact_rows
from services.dispatcher.decisions.repository.asked import AskedRow
from services.dispatcher.decisions.repository.contacts import CustomerRow
from services.dispatcher.decisions.scopes import one_touchpoint
from services.dispatcher.retention.retention_commands import find_rules
from services.dispatcher.sending.domain import Sending
from services.dispatcher.sending.sending_commands import find_sendings
from shared.db import UnitOfWork
from shared.events import Answer, Event, Invitation
from shared.privacy.persons import NOBODY
from shared.values.customer_ids import is_placeholder_id

NEVER_ARRIVED = frozenset({"withheld", "dropped", "failed"})
"""The states of a mail that has certainly not arrived."""


async def lock_contacts(uow: UnitOfWork, contacts: Sequence[ContactKey]) -> None:
    """Lock the rows of these contacts and of their ids, all in one order.

    Two events of one address are then judged one after the other, under whatever ids they come, and so are
    two events of one id, under whatever addresses; and no two transactions wait for each other.
    """
    addresses: dict[tuple[str, str], set[str]] = {}
    persons = {
        (contact.tenant, contact.customer_id): contact.person for contact in contacts if contact.shares_id
    }
    for contact in contacts:
        own = {contact.address} if contact.address is not None else set()
        addresses.setdefault((contact.tenant, contact.customer_id), set()).update(own)
        if contact.address is not None:
            addresses.setdefault((contact.tenant, contact.address), set()).update(own)
        if contact.number is not None:
            addresses.setdefault((contact.tenant, contact.number), set()).add(contact.number)
    rows = [
        CustomerRow(tenant, key, min(known, default=None), len(known) > 1, persons.get((tenant, key), NOBODY))
        for (tenant, key), known in addresses.items()
    ]
    if rows:
        await contact_rows.lock_customers(uow, rows)


async def begin_quarantine(uow: UnitOfWork, invited: Iterable[tuple[ContactKey, Invitation]]) -> None:
    """Store when the mail of each contact was due, and what it asks; the latest of a contact counts.

    It is stored under the id, too, where ids are shared by several people: so a company that sets this
    otherwise finds its history.
    """
    latest: dict[tuple[str, str], datetime] = {}
    asked: list[AskedRow] = []
    for contact, invitation in invited:
        due_at = invitation.due_at
        for name in contact.keys:
            key = contact.tenant, name
            latest[key] = max(latest.get(key, due_at), due_at)
            asked.append(asked_row(*key, invitation))
    if latest:
        await contact_rows.store_invited(uow, [(*key, due_at) for key, due_at in latest.items()])
        await asked_rows.store(uow, asked)


def asked_row(tenant: str, key: str, invitation: Invitation) -> AskedRow:
    """What an invitation asks the contact that has this key."""
    return AskedRow(
        tenant,
        key,
        invitation.id,
        invitation.due_at,
        elsewhere=False,
        measurement=invitation.measurement,
        touchpoint=one_touchpoint(invitation.touchpoint, None),
        survey_id=invitation.survey_id,
    )


async def end_quarantine(uow: UnitOfWork, contact: ContactKey, invitation: Invitation) -> None:
    """Its mail has certainly not arrived, so it does not keep the contact from being asked, in any scope."""
    keys = {(contact.tenant, key) for key in contact.keys}
    await contact_rows.lock_invited(uow, keys)
    await forget_asked(uow, [(keys, invitation)])


async def forget_asked(
    uow: UnitOfWork, unsent: Sequence[tuple[Collection[tuple[str, str]], Invitation]]
) -> None:
    """Let these mails be as if they had never been to leave; the rows of their keys are locked."""
    asked = [(key, invitation) for keys, invitation in unsent for key in keys]
    await asked_rows.forget(uow, [(*key, invitation.id) for key, invitation in asked])
    await contact_rows.forget_invited(uow, [(*key, invitation.due_at) for key, invitation in asked])


async def take_turn(
    uow: UnitOfWork, contact: ContactKey, turn: str, cap_hours: int, judged_after: Collection[str]
) -> datetime | None:
    """Let a mail leave now, unless another one to the person or the address has left within these hours, or
    since it was judged: then when that was.

    :param turn: which mail it is: a try of the same mail is no other one.
    :param judged_after: the last mails to the person and to the address when this one was judged.
    """
    keys, own = contact.keys, contact.own_keys
    return await contact_rows.take_turn(uow, contact.tenant, keys, own, turn, cap_hours, judged_after)


async def note_link(uow: UnitOfWork, contact: ContactKey, turn: str) -> None:
    """A link is handed out now, so that no mail to the contact leaves until the cap is over."""
    await contact_rows.take_turn(uow, contact.tenant, contact.keys, (), turn, 0, ())


async def give_turn_back(uow: UnitOfWork, contact: ContactKey, turn: str) -> None:
    """The mail has certainly not left this time, so another one may."""
    await contact_rows.give_turn_back(uow, contact.tenant, contact.keys, turn)


async def keep_asked_elsewhere(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Store when another system asked a customer, and what, by an imported answer: its ``invited_at``, and
    where that is not known, when it was answered. It is stored under the id, the address and the number.
    """
    imported = [event for event in events if event.data.origin == "import"]
    if not imported:
        return
    tenants = sorted({event.tenant for event in imported})
    sendings = await find_sendings(uow, tenants)
    # What is older is removed each night, and not kept anew when the answers are read again.
    oldest = {tenant: uow.now - days((await find_rules(uow, tenant)).rules.contacts) for tenant in tenants}
    latest: dict[tuple[str, str], datetime] = {}
    rows: dict[tuple[str, str, UUID], AskedRow] = {}
    persons: dict[tuple[str, str], str | None] = {}
    for event in imported:
        asked_at = event.data.invited_at or event.data.answered_at
        if asked_at is None or asked_at < oldest[event.tenant]:
            continue
        placeholder_ids = sendings.get(event.tenant, Sending()).placeholder_ids
        for name, person in _names_of(event.data, placeholder_ids):
            key = event.tenant, name
            latest[key] = max(latest.get(key, asked_at), asked_at)
            persons[key] = person or persons.get(key, person)
            row = _asked_elsewhere(event.tenant, name, asked_at, event.data)
            kept = rows.setdefault((*key, row.id), row)
            rows[*key, row.id] = max(kept, row, key=lambda each: each.asked_at)
    if latest:
        await contact_rows.store_asked_elsewhere(uow, [(*key, at) for key, at in latest.items()], persons)
        await asked_rows.store_elsewhere(uow, list(rows.values()))


def _names_of(answer: Answer, placeholder_ids: AbstractSet[str]) -> Iterator[tuple[str, str | None]]:
    """Under what the customer of an imported answer is known, and whose each is. An address is nobody's,
    since it may come under several ids.
    """
    if answer.customer_id is not None and not is_placeholder_id(answer.customer_id, placeholder_ids):
        yield answer.customer_id, answer.person
    if answer.contact_key is not None and answer.contact_key != answer.customer_id:
        yield answer.contact_key, NOBODY
    if answer.number_key is not None and answer.number_key != answer.customer_id:
        yield answer.number_key, NOBODY


def _asked_elsewhere(tenant: str, contact: str, at: datetime, answer: Answer) -> AskedRow:
    touchpoint = one_touchpoint(answer.touchpoint, answer.segments.get("touchpoint"))
    row_id = asked_rows.elsewhere_id(answer.measurement, touchpoint)
    return AskedRow(
        tenant,
        contact,
        row_id,
        at,
        elsewhere=True,
        measurement=answer.measurement,
        touchpoint=touchpoint,
        survey_id=None,
    )
