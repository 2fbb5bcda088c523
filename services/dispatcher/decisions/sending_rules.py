"""The rules of ``judge_survey`` once more, when a mail is about to leave, as far as they can change. Pure."""

from datetime import datetime
from typing import Literal

from services.dispatcher.decisions.forbidding import asked_too_close, lacks_basis, standing_before
from services.dispatcher.decisions.frequency import is_in_quarantine, quarantine_of
from services.dispatcher.decisions.leaving import is_too_old
from services.dispatcher.decisions.values import CandidateSurvey, Person
from shared.events.sending import SendingMode


def reason_not_to_send(
    *,
    now: datetime,
    leaves_at: datetime,
    occurred_at: datetime,
    expires_at: datetime,
    test: bool,
    survey: CandidateSurvey | None,
    person: Person,
    mode: SendingMode,
    is_drawn: bool = True,
) -> tuple[Literal["dropped", "withheld"], str] | None:
    """The rules once more, when the mail is about to leave; None lets it go.

    ``survey`` is None when it is gone. The person's ``invited_at`` and ``asked`` are here when another system
    asked, ``left_at`` and ``asked_by_us`` when we did: of our own mails those count that have left, and this
    one has not. A test goes out although its survey is paused: no rule held it back when it was decided.

    Conditions and the order of the channels are not judged again: they choose the events that a survey asks
    about, and an event does not change. Who edits them decides about events from then on, as the form says;
    what was decided by the former ones is sent.

    :param is_drawn: whether the survey still draws the contact; a lowered percent may not.
    :param leaves_at: when the mail leaves as far as the age of the event counts: one that leaves as soon as
        it is due leaves then, not the moments later at which it is judged.
    """
    if (mode == "test" or test) and not person.test_address:
        return "withheld", "test_mode"
    rules = (
        (person.erased, "erased"),
        (person.address == "missing", "no_address"),
        (person.address == "bad", "bad_address"),
        (person.complained, "complained"),
        (person.opted_out, "opted_out"),
        (person.suppressed, "suppressed"),
        (person.undeliverable, "undeliverable"),
        (person.preferences.pauses(now), "paused_by_customer"),
        (person.countered.cancelled_by is not None, "countered"),
        (person.open_case is not None and not person.test_address, "case_open"),
        (survey is not None and lacks_basis(survey, occurred_at, leaves_at, person), "no_basis"),
        (survey is None or (survey.state != "live" and not test), "paused"),
        (survey is not None and is_too_old(survey.max_age_days, occurred_at, leaves_at), "too_old"),
        (survey is not None and standing_before(survey, now, person) is not None, "relational_first"),
        (survey is not None and is_in_quarantine(survey, now, person), "quarantine"),
        (survey is not None and asked_too_close(survey, now, person) is not None, "relational_distance"),
        (not is_drawn and not (test or person.test_address), "sampled_out"),
        (expires_at <= now, "expired"),
    )
    reason = next((reason for forbidden, reason in rules if forbidden), None)
    return ("dropped", reason) if reason is not None else None


def asked_before(reason: str, survey: CandidateSurvey, at: datetime, person: Person) -> datetime | None:
    """When the person was asked that forbids a mail to leave then, for this reason; None: not why."""
    if reason == "quarantine":
        return quarantine_of(survey, person).asked_at
    return asked_too_close(survey, at, person) if reason == "relational_distance" else None
