"""The rules about reminding a customer who was asked: pure, beside those about asking (``domain.py``)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from services.dispatcher.decisions.forbidding import basis_missing
from services.dispatcher.decisions.values import CandidateSurvey, Person
from shared.events import InvitationState
from shared.events.sending import SendingMode
from shared.events.surveys import Reminder

ReminderRefusal = Literal[
    "answered",
    "clicked",
    "erased",
    "test_mode",
    "bounced",
    "not_sent",
    "no_address",
    "bad_address",
    "complained",
    "opted_out",
    "suppressed",
    "undeliverable",
    "paused_by_customer",
    "countered",
    "no_basis",
    "case_open",
    "survey_gone",
    "paused",
    "not_wanted",
    "expired",
]
"""The rule by which a reminder does not leave."""
MIN_LINK_LEFT = timedelta(days=1)
"""For which the link must live when a reminder leaves: what nobody can answer any more is not asked."""
MIN_DISTANCE = timedelta(days=1)
"""Between two reminders, however late the first of them left."""


def reminder_due_at(
    reminders: Sequence[Reminder], number: int, first_sent_at: datetime, sent_at: datetime
) -> datetime | None:
    """When this reminder is due, counted from 1; None: the survey has no such reminder.

    It counts from the first mail, so that a late reminder makes no later one later.

    :param sent_at: when the mail before it left.
    """
    if number > len(reminders):
        return None
    due_at = first_sent_at + timedelta(days=reminders[number - 1].after_days)
    return due_at if number == 1 else max(due_at, sent_at + MIN_DISTANCE)


def reason_not_to_remind(
    *,
    now: datetime,
    number: int,
    state: InvitationState,
    erased: bool,
    test: bool,
    expires_at: datetime,
    answered: bool,
    clicked: bool,
    case_open: bool,
    survey: CandidateSurvey | None,
    person: Person,
    mode: SendingMode,
) -> ReminderRefusal | None:
    """The first rule that forbids the reminder of this number to leave now; None lets it go.

    The age of the event and the quarantine are not asked: they were for the first mail, and a reminder asks
    nothing new.

    :param state: of the invitation, which is what became of its first mail.
    :param erased: whether everything personal is gone from the invitation.
    :param test: whether the invitation is a test.
    :param answered: whether a score was saved or sent; a link that was opened is no answer.
    :param clicked: whether the link was opened, which stops reminders where the survey says so.
    :param case_open: whether colleagues are busy with a case of this customer.
    :param survey: as it is now; None when it is gone.
    """
    rules: tuple[tuple[bool, ReminderRefusal], ...] = (
        (answered, "answered"),
        (clicked and survey is not None and survey.stop_after_click, "clicked"),
        (erased or person.erased, "erased"),
        ((mode == "test" or test) and not person.test_address, "test_mode"),
        (state == "bounced", "bounced"),
        (state != "sent", "not_sent"),
        (person.address == "missing", "no_address"),
        (person.address == "bad", "bad_address"),
        (person.complained, "complained"),
        (person.opted_out, "opted_out"),
        (person.suppressed, "suppressed"),
        (person.undeliverable, "undeliverable"),
        (person.preferences.pauses(now), "paused_by_customer"),
        (person.countered.cancelled_by is not None, "countered"),
        # Not the age: as with the survey's own days, it was right when the first mail left.
        (survey is not None and basis_missing(survey, now, now, person) is not None, "no_basis"),
        (case_open, "case_open"),
        (survey is None, "survey_gone"),
        (survey is not None and survey.state != "live", "paused"),
        (survey is not None and number > len(survey.reminders), "not_wanted"),
        (expires_at - now < MIN_LINK_LEFT, "expired"),
    )
    return next((why for forbidden, why in rules if forbidden), None)
