"""Reminders: planned when the mail before them was sent, judged when they are about to leave.

Each is a further delivery of its invitation, which stays as it is: its state is that of the first mail.
"""

from datetime import datetime

from services.dispatcher.decisions.hours import Hold
from services.dispatcher.decisions.reminders import (
    MIN_LINK_LEFT,
    ReminderRefusal,
    reason_not_to_remind,
    reminder_due_at,
)
from services.dispatcher.decisions.values import CandidateSurvey, Person
from services.dispatcher.invitations.changes import (
    ChangeKind,
    ChangeValues,
    note_change,
    values_of_hold,
    values_of_refusal,
)
from services.dispatcher.invitations.survey_mail import ReminderMail
from services.dispatcher.repository import reminders as rows
from shared.db import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import Invitation
from shared.events.sending import SendingMode
from shared.outbound import Delivery, NewDelivery, Postponed, Withdrawn, deliveries


def reminder_number(delivery: Delivery) -> int:
    """Which reminder it is: 0 is the first mail."""
    return delivery.n - 1


async def judge_reminder(
    uow: UnitOfWork,
    delivery: Delivery,
    invitation: Invitation,
    survey: CandidateSurvey | None,
    person: Person,
    mode: SendingMode,
) -> ReminderRefusal | None:
    """Why this reminder may not leave now, by what has come here; None lets it go."""
    tenant = delivery.tenant
    refusal = reason_not_to_remind(
        now=uow.now,
        number=reminder_number(delivery),
        state=invitation.state,
        erased=invitation.erased,
        test=invitation.test,
        expires_at=invitation.expires_at,
        answered=await rows.is_answered(uow, tenant, invitation.id),
        clicked=survey is not None
        and survey.stop_after_click
        and await rows.is_clicked(uow, tenant, invitation.id),
        case_open=person.open_case is not None,
        survey=survey,
        person=person,
        mode=mode,
    )
    if refusal is not None:
        # Not by the age of the event; see ``reason_not_to_remind``.
        values = values_of_refusal(refusal, survey, uow.now, uow.now, person)
        await _note(uow, delivery, "dropped", refusal, values)
        await show_reminder(uow, delivery)
    return refusal


async def postpone_reminder(
    uow: UnitOfWork, delivery: Delivery, invitation: Invitation, held: Hold, person: Person
) -> Withdrawn | Postponed:
    """Let a reminder wait until the hour and other mails to the contact allow it, if its link lives then."""
    await show_reminder(uow, delivery)
    refusal: ReminderRefusal = "countered" if held.by[0] == "counter_event" else "expired"
    values = values_of_hold(held, person)
    if invitation.expires_at - held.until < MIN_LINK_LEFT:
        await _note(uow, delivery, "dropped", refusal, values)
        return Withdrawn(refusal)
    if held.until > uow.now:  # else it is only judged anew
        await _note(uow, delivery, "postponed", held.by[0], values, until=held.until)
    return Postponed(held.until, held.by[0])


async def _note(
    uow: UnitOfWork,
    delivery: Delivery,
    what: ChangeKind,
    reason: str,
    values: ChangeValues,
    until: datetime | None = None,
) -> None:
    await note_change(
        uow, delivery.tenant, delivery.about_id, delivery.n, what, reason, until=until, values=values
    )


def reminder_mail(delivery: Delivery, invitation: Invitation, survey: CandidateSurvey | None) -> ReminderMail:
    """What the mail of a reminder says of itself."""
    number = reminder_number(delivery)
    return ReminderMail(
        number=number,
        of=len(survey.reminders) if survey is not None else number,
        asked_at=invitation.sent_at or invitation.due_at,
    )


async def plan_reminder(
    uow: UnitOfWork, delivery: Delivery, invitation: Invitation, survey: CandidateSurvey | None
) -> None:
    """Queue the reminder behind this delivery, which was sent now, if the survey has one.

    One whose answer has come already is not reminded. The survey's reminders are those by which the delivery
    was prepared: what an editor adds later holds for mails that are sent from then on.
    """
    if survey is None or invitation.anonymous:
        return
    number = reminder_number(delivery) + 1
    due_at = reminder_due_at(survey.reminders, number, invitation.sent_at or uow.now, uow.now)
    if due_at is None or await rows.is_answered(uow, delivery.tenant, invitation.id):
        return
    planned = NewDelivery(
        tenant=delivery.tenant,
        about_id=delivery.about_id,
        n=delivery.n + 1,
        kind="reminder",
        channel=delivery.channel,
        due_at=due_at,
    )
    await deliveries.add(uow, [planned])


async def show_reminder(uow: UnitOfWork, delivery: Delivery) -> None:
    """Let the event's page show what became of a reminder."""
    await rows.touch_invitation(uow, delivery.tenant, delivery.about_id)
    notify_changes(uow, [delivery.tenant])
