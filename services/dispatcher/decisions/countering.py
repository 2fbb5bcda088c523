"""Counter-events when they are consumed: they are remembered, and what waits is cancelled or held at once.

What escapes them here, since a sender has it or it is decided at this very time, is countered when it is due.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.dispatcher.customers.known_words import KnownWords, known_customer
from services.dispatcher.decisions.contacts import ContactKey, contact_of_invitation
from services.dispatcher.decisions.counter_events import (
    Asking,
    Countered,
    RememberedCounter,
    counters_by,
    ends_by,
    judge_counters,
    order_of,
)
from services.dispatcher.decisions.domain import matches
from services.dispatcher.decisions.hours import ContactHours, next_allowed
from services.dispatcher.decisions.inputs import DecisionInputs
from services.dispatcher.decisions.leaving import is_too_old
from services.dispatcher.decisions.loading import (
    load_erased,
    load_inputs,
)
from services.dispatcher.decisions.places import place_of
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.quarantine import begin_quarantine, end_quarantine, lock_contacts
from services.dispatcher.decisions.reminders import MIN_LINK_LEFT
from services.dispatcher.decisions.repository import counter_events as rows
from services.dispatcher.decisions.repository.counter_events import (
    COUNTERED_REASON,
    HELD_REASON,
    CounteredRow,
)
from services.dispatcher.decisions.values import Verdict
from services.dispatcher.invitations.changes import note_change
from services.dispatcher.invitations.states import move_invitation, read_invitation
from services.dispatcher.repository.reminders import touch_invitation
from services.dispatcher.suppressions import repository as suppression_rows
from services.dispatcher.suppressions.domain import BY_COUNTER_EVENT
from services.dispatcher.suppressions.suppression_commands import own_entries
from shared.db import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import CounterEvent, Customer, Event, Invitation, Transaction
from shared.events.transactions import RECOVERY_TYPE, WAVE_TYPE


class WaitingMail(NamedTuple):
    """A mail that waits, with its rows locked."""

    contact: ContactKey
    invitation: Invitation
    customer: Customer
    """That of the invitation, with what is known besides."""
    n: int
    is_reminder: bool
    due_at: datetime

    @property
    def asking(self) -> Asking:
        """The event that it asks about."""
        return asking_of(self.contact, self.invitation)


def asking_of(contact: ContactKey, invitation: Invitation) -> Asking:
    """The event that an invitation asks about, as counter-events see it."""
    return Asking(
        contact.tenant,
        invitation.event_id,
        invitation.occurred_at,
        order_of(invitation.attributes),
        invitation.person or contact.person,
        contact.address,
        invitation.decided_at,
        one_of_several=contact.is_one_of_several,
        of_wave=invitation.event_type.startswith((WAVE_TYPE, RECOVERY_TYPE)),
    )


def counters_of(
    event: Event[Transaction], contact: ContactKey, inputs: DecisionInputs, now: datetime
) -> list[RememberedCounter]:
    """What this event counters by its company's rules. Tests and waves counter nothing."""
    return counters_by(_rules_about(event, contact, inputs), event.tenant, event.data, contact, now)


def ends_for_good(event: Event[Transaction], contact: ContactKey, inputs: DecisionInputs) -> bool:
    """Whether by its company's rules nobody of the event's customer is to be asked ever again."""
    return ends_by(_rules_about(event, contact, inputs))


def _rules_about(
    event: Event[Transaction], contact: ContactKey, inputs: DecisionInputs
) -> list[CounterEvent]:
    rules = inputs.company_policy(event.tenant).rules.counter_events
    if not rules or not event.data.is_of_client or inputs.is_erased(contact):
        return []
    return [rule for rule in rules if matches(rule.event_type, event.data.type)]


async def silence(uow: UnitOfWork, ended: Sequence[tuple[Event[Transaction], ContactKey]]) -> None:
    """List these customers among the suppressions, by their rows, which are locked: under the address, and
    under the id unless others have that, too.
    """
    for event, contact in ended:
        entries = [(entry.kind, entry.key) for entry in await own_entries(uow, contact) if not entry.earlier]
        who = f"{BY_COUNTER_EVENT} {event.data.type}"
        await suppression_rows.add(uow, event.tenant, entries, reason="listed", who=who)


async def counter_waiting(
    uow: UnitOfWork,
    secret: str,
    counters: Sequence[RememberedCounter],
    contacts: Sequence[ContactKey],
    inputs: DecisionInputs,
) -> None:
    """Remember these counter-events, and cancel or hold what waits of their orders and customers.

    Deliveries and invitations are locked behind the contacts, against the order of the senders, so none of
    them is waited for.

    :param contacts: all that the batch needs, which are locked here together with those of the mails.
    """
    found = await rows.find_waiting(uow, counters, lock=False)
    others = [_contact(secret, row.tenant, read_invitation(row), inputs) for row in found]
    await lock_contacts(uow, [*contacts, *others])
    await rows.remember(uow, counters)
    if not found:
        return
    locked = set(others)
    done: list[CounteredRow] = []
    for row in await rows.find_waiting(uow, counters, lock=True):
        invitation = read_invitation(row)
        contact = _contact(secret, row.tenant, invitation, inputs)
        if contact in locked:
            words = KnownWords(row.locale, row.country, row.time_zone)
            customer = known_customer(invitation.customer, words, contact)
            mail = WaitingMail(contact, invitation, customer, row.n, row.kind == "reminder", row.due_at)
            done += await _counter(uow, mail, judge_counters(counters, mail.asking), inputs)
    await rows.note(uow, done)


async def remember_restored(
    uow: UnitOfWork, secret: str, policy: ContactPolicy, events: Sequence[Event[Transaction]]
) -> None:
    """Remember the counter-events among events whose decisions were restored.

    What they cancelled or held was restored with its invitation; reminders are judged when they are due.
    """
    inputs = await load_inputs(uow, policy, events, secret)
    contacts = [inputs.contact(event, secret) for event in events]
    await load_erased(uow, contacts, inputs)
    counters = [
        counter
        for event, contact in zip(events, contacts, strict=True)
        for counter in counters_of(event, contact, inputs, event.data.accepted_at)
    ]
    await rows.remember(uow, counters)
    pairs = zip(events, contacts, strict=True)
    await silence(
        uow, [(event, contact) for event, contact in pairs if ends_for_good(event, contact, inputs)]
    )


def countered_rows(tenant: str, event_id: UUID, verdict: Verdict, countered: Countered) -> list[CounteredRow]:
    """What counter-events did to a decision."""
    if verdict.reason == COUNTERED_REASON:
        by = countered.cancelled_by or countered.held_by
        return [CounteredRow(tenant, event_id, by, 1, "cancel")] if by is not None else []
    if HELD_REASON in verdict.held_by and countered.held_by is not None:
        return [CounteredRow(tenant, event_id, countered.held_by, 1, "hold", verdict.due_at)]
    return []


def _contact(secret: str, tenant: str, invitation: Invitation, inputs: DecisionInputs) -> ContactKey:
    """Whom it asks, under all names by which that is kept. An earlier version did not write them there."""
    if invitation.contact_key is None or invitation.person is None:
        return inputs.contact_of(tenant, invitation.customer, secret).asked_by(invitation.channel)
    shared = inputs.company_policy(tenant).rules.ids_are_shared
    return contact_of_invitation(tenant, invitation)._replace(id_is_shared=shared)


async def _counter(
    uow: UnitOfWork, mail: WaitingMail, countered: Countered, inputs: DecisionInputs
) -> list[CounteredRow]:
    by, until = _effect(mail, countered, inputs)
    if by is None:
        return []
    done = await (_cancel(uow, mail) if until is None else _hold(uow, mail, until))
    about = (mail.contact.tenant, mail.invitation.event_id, by, mail.n)
    return [CounteredRow(*about, "cancel" if until is None else "hold", until)] if done else []


def _effect(
    mail: WaitingMail, countered: Countered, inputs: DecisionInputs
) -> tuple[UUID | None, datetime | None]:
    """By which counter-event a mail is cancelled or held (None: by none), and until when it is held.

    A test waits for nothing. What would be too late when it may leave again is cancelled.
    """
    if countered.cancelled_by is not None:
        return countered.cancelled_by, None
    if countered.held_until is None or countered.held_until <= mail.due_at or mail.invitation.test:
        return None, None
    until = next_allowed(countered.held_until, _hours(mail, inputs))
    return countered.held_by, None if _is_too_late(mail, until, inputs) else until


def _hours(mail: WaitingMail, inputs: DecisionInputs) -> ContactHours:
    tenant = mail.contact.tenant
    place = place_of(mail.customer, inputs.tenants.get(tenant))
    rules, channel = inputs.company_policy(tenant).rules, mail.invitation.channel or "mail"
    return ContactHours.of(rules, place, channel)


def _is_too_late(mail: WaitingMail, until: datetime, inputs: DecisionInputs) -> bool:
    """Whether nobody may be asked about it any more by then."""
    if mail.is_reminder:
        return mail.invitation.expires_at - until < MIN_LINK_LEFT
    surveys = inputs.surveys.get(mail.contact.tenant, ())
    survey = next((each for each in surveys if each.id == mail.invitation.survey_id), None)
    return survey is not None and is_too_old(survey.max_age_days, mail.invitation.occurred_at, until)


async def _cancel(uow: UnitOfWork, mail: WaitingMail) -> bool:
    tenant, invitation = mail.contact.tenant, mail.invitation
    if not mail.is_reminder:
        if await move_invitation(uow, tenant, invitation, "dropped", reason=COUNTERED_REASON) is None:
            return False
        if not invitation.test:
            await end_quarantine(uow, mail.contact, invitation)
    else:
        await note_change(uow, tenant, invitation.id, mail.n, "dropped", COUNTERED_REASON)
    await rows.drop_delivery(uow, tenant, invitation.id, mail.n)
    await _show(uow, mail)
    return True


async def _hold(uow: UnitOfWork, mail: WaitingMail, until: datetime) -> bool:
    tenant, invitation = mail.contact.tenant, mail.invitation
    if not mail.is_reminder:
        moved = await move_invitation(uow, tenant, invitation, "waiting", reason=HELD_REASON, due_at=until)
        if moved is None:
            return False
        await end_quarantine(uow, mail.contact, invitation)
        await begin_quarantine(uow, [(mail.contact, moved)])
    else:
        await note_change(uow, tenant, invitation.id, mail.n, "postponed", HELD_REASON, until=until)
    await rows.hold_delivery(uow, tenant, invitation.id, mail.n, until)
    await _show(uow, mail)
    return True


async def _show(uow: UnitOfWork, mail: WaitingMail) -> None:
    """Let the event's page show what became of a reminder."""
    if mail.is_reminder:
        await touch_invitation(uow, mail.contact.tenant, mail.invitation.id)
        notify_changes(uow, [mail.contact.tenant])
