"""Whether a mail that is due may leave now: by every rule once more, and what becomes of one that may not."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Literal, NamedTuple

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.forbidding import standing_before
from services.dispatcher.decisions.frequency import is_capped
from services.dispatcher.decisions.hours import Hold
from services.dispatcher.decisions.leaving import hold_after, hold_for, is_too_old, reason_of_hold
from services.dispatcher.decisions.quarantine import begin_quarantine, end_quarantine, take_turn
from services.dispatcher.decisions.relational import RELATIONAL_FIRST
from services.dispatcher.decisions.repository import counter_events as counter_rows
from services.dispatcher.decisions.repository import replaced as replaced_rows
from services.dispatcher.decisions.repository.counter_events import (
    COUNTERED_REASON,
    HELD_REASON,
    CounteredRow,
)
from services.dispatcher.decisions.repository.replaced import ReplacedRow
from services.dispatcher.decisions.sending_rules import asked_before, reason_not_to_send
from services.dispatcher.decisions.values import CandidateSurvey, Person
from services.dispatcher.invitations.changes import ChangeValues, values_of_hold, values_of_refusal
from services.dispatcher.invitations.destinations import Destination, take_place_at
from services.dispatcher.invitations.first_day import FirstDay, give_place_back, take_place
from services.dispatcher.invitations.reminders import judge_reminder, postpone_reminder
from services.dispatcher.invitations.states import move_invitation, turn_of_mail
from shared.db import UnitOfWork
from shared.events import Invitation
from shared.events.sending import SendingMode
from shared.outbound import Delivery, Postponed, Withdrawn

LATE = timedelta(minutes=1)
"""A mail that leaves sooner after it was due has left when it was due: so the quarantine counts, and so the
age of its event is judged."""
Judged = Invitation | Withdrawn | Postponed | None
"""The invitation of a mail that leaves now, or what becomes of one that does not; None: it was moved."""


class DueMail(NamedTuple):
    """A delivery that is due, with all that it is judged by."""

    delivery: Delivery
    contact: ContactKey
    invitation: Invitation
    survey: CandidateSurvey | None
    """None: it is gone."""
    person: Person
    mode: SendingMode
    judged_after: Sequence[str]
    """Which messages to the person and to the address had left last."""
    first_day: FirstDay | None
    """The survey's, where this mail takes a place on it."""
    is_drawn: bool = True
    """Whether the survey, of as many percent as it asks by now, still asks the contact."""
    destination: Destination | None = None
    """Where the pace of what is mailed there is kept; None: it is no mail."""


async def judge_mail(uow: UnitOfWork, mail: DueMail) -> Judged:
    """Judge it; the pages of the events say whose mail cancelled, held or replaced it."""
    judged = await (_judge_reminder if mail.delivery.kind == "reminder" else _judge_first)(uow, mail)
    if not isinstance(judged, Invitation):
        await _note_countered(uow, mail, judged)
        await _note_replaced(uow, mail, judged)
    return judged


def turn_of(delivery: Delivery) -> str:
    """What the contact's row remembers of its last mail: which one it was."""
    return turn_of_mail(delivery.about_id, delivery.n)


async def end_quarantine_of(uow: UnitOfWork, contact: ContactKey, invitation: Invitation) -> None:
    """Only a mail that may have arrived keeps the contact from being asked."""
    if not invitation.test:
        await end_quarantine(uow, contact, invitation)


async def _judge_first(uow: UnitOfWork, mail: DueMail) -> Judged:
    """The invitation, as ``sending``, of a first mail that may leave now."""
    invitation, survey, person, day = mail.invitation, mail.survey, mail.person, mail.first_day
    leaves_at = uow.now if _is_late(uow, invitation) else invitation.due_at
    forbidden = reason_not_to_send(
        now=uow.now,
        leaves_at=leaves_at,
        occurred_at=invitation.occurred_at,
        expires_at=invitation.expires_at,
        test=invitation.test,
        survey=survey,
        person=person,
        mode=mail.mode,
        is_drawn=mail.is_drawn,
    )
    if forbidden is not None:
        state, reason = forbidden
        values = values_of_refusal(reason, survey, invitation.occurred_at, leaves_at, person)
        return await _withdraw(uow, mail, state, reason, values)
    held = hold_for(person, uow.now)
    if not held.by and day is not None:
        held = await take_place(uow, mail.contact.tenant, day, invitation, partial(hold_for, person))
    if not held.by:
        held = await _hold_at_destination(uow, mail) or await _hold_now(uow, mail)
        if held.by and day is not None:
            await give_place_back(uow, mail.contact.tenant, day, uow.now)
    if held.by and survey is not None and is_too_old(survey.max_age_days, invitation.occurred_at, held.until):
        # Its link would live as long as ever then.
        values = values_of_hold(held, person, survey.max_age_days)
        return await _withdraw(uow, mail, "dropped", reason_of_hold(held), values)
    if held.by:
        return await _postpone(uow, mail, held)
    return await _begin_sending(uow, mail)


async def _judge_reminder(uow: UnitOfWork, mail: DueMail) -> Judged:
    """The invitation, which stays as it is, of a reminder that may leave now."""
    refusal = await judge_reminder(uow, mail.delivery, mail.invitation, mail.survey, mail.person, mail.mode)
    if refusal is not None:
        return Withdrawn(refusal)
    held = hold_for(mail.person, uow.now)
    if not held.by:
        held = await _hold_at_destination(uow, mail) or await _hold_now(uow, mail)
    if held.by:
        return await postpone_reminder(uow, mail.delivery, mail.invitation, held, mail.person)
    return mail.invitation


async def _withdraw(
    uow: UnitOfWork,
    mail: DueMail,
    state: Literal["dropped", "withheld"],
    reason: str,
    values: ChangeValues,
) -> Withdrawn:
    """It never leaves, and keeps nobody from being asked."""
    contact, invitation, survey = mail.contact, mail.invitation, mail.survey
    asked_at = asked_before(reason, survey, uow.now, mail.person) if survey is not None else None
    moved = await move_invitation(
        uow, contact.tenant, invitation, state, reason=reason, values=values, asked_at=asked_at
    )
    if moved is not None:
        await end_quarantine_of(uow, contact, invitation)
    return Withdrawn(reason)


async def _hold_at_destination(uow: UnitOfWork, mail: DueMail) -> Hold | None:
    """Until when the mail must wait for its destination; None: it has taken its place there.

    After the places of a first day and before the rows of contacts, in whose order all lock them. A place is
    not given back: who comes next could leave too close to who has left since.
    """
    if mail.destination is None:
        return None
    at = await take_place_at(uow, mail.destination, has_place=mail.delivery.waited_for == "mail_pace")
    if at <= uow.now:
        return None
    held = hold_for(mail.person, at)
    return Hold(until=held.until, by=("mail_pace", *held.by))


async def _hold_now(uow: UnitOfWork, mail: DueMail) -> Hold:
    """Until when the mail must wait, by the hour or by another message to the contact.

    Of two mails to one contact that are due at once, one takes the turn here, and the other one waits: by
    the cap, or without one to be judged anew.
    """
    person = mail.person
    held = hold_for(person, uow.now)
    if held.by or mail.invitation.test or person.test_address:
        return held
    if person.invited_at is not None and is_capped(person.invited_at, uow.now, person.cap_hours):
        return hold_after(person, person.invited_at)
    last_message_at = await take_turn(
        uow, mail.contact, turn_of(mail.delivery), person.cap_hours, mail.judged_after
    )
    return hold_after(person, last_message_at) if last_message_at is not None else held


def _is_late(uow: UnitOfWork, invitation: Invitation) -> bool:
    return uow.now - invitation.due_at >= LATE


async def _postpone(uow: UnitOfWork, mail: DueMail, held: Hold) -> Postponed | None:
    """It is due at another time; the quarantine counts from there."""
    reason = held.by[0]
    moved = await move_invitation(
        uow,
        mail.contact.tenant,
        mail.invitation,
        "waiting",
        reason=reason,
        due_at=held.until,
        values=values_of_hold(held, mail.person),
    )
    if moved is None:
        return None
    await _move_quarantine(uow, mail, moved)
    return Postponed(held.until, reason)


async def _begin_sending(uow: UnitOfWork, mail: DueMail) -> Invitation | None:
    """It leaves now, and the quarantine counts from now: a mail that is late is due now."""
    is_late = _is_late(uow, mail.invitation)
    moved = await move_invitation(
        uow, mail.contact.tenant, mail.invitation, "sending", due_at=uow.now if is_late else None
    )
    if moved is not None and is_late:
        await _move_quarantine(uow, mail, moved)
    return moved


async def _move_quarantine(uow: UnitOfWork, mail: DueMail, moved: Invitation) -> None:
    """Let the quarantine count from when the mail is due now."""
    if not mail.invitation.test:
        await end_quarantine(uow, mail.contact, mail.invitation)
        await begin_quarantine(uow, [(mail.contact, moved)])


async def _note_countered(uow: UnitOfWork, mail: DueMail, judged: Withdrawn | Postponed | None) -> None:
    """Let the pages of both events say that a counter-event cancelled or held the mail."""
    countered, n = mail.person.countered, mail.delivery.n
    by, done = countered.cancelled_by or countered.held_by, None
    about = (mail.contact.tenant, mail.invitation.event_id)
    if isinstance(judged, Withdrawn) and judged.reason == COUNTERED_REASON and by is not None:
        done = CounteredRow(*about, by, n, "cancel")
    if isinstance(judged, Postponed) and judged.reason == HELD_REASON and countered.held_by is not None:
        done = CounteredRow(*about, countered.held_by, n, "hold", judged.until)
    await counter_rows.note(uow, [done] if done is not None else [])


async def _note_replaced(uow: UnitOfWork, mail: DueMail, judged: Withdrawn | Postponed | None) -> None:
    """Let the pages of both events say that a relational mail took the day of this one."""
    if mail.survey is None or not isinstance(judged, Withdrawn) or judged.reason != RELATIONAL_FIRST:
        return
    other = standing_before(mail.survey, uow.now, mail.person)
    if other is not None and other.unsent_about is not None:
        about = mail.invitation.event_id, other.unsent_about
        gave_way = ReplacedRow(mail.contact.tenant, *about, RELATIONAL_FIRST)
        await replaced_rows.note(uow, [gave_way])
