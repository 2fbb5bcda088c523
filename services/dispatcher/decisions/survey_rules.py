"""The rules by which a survey may ask a person: the first that forbids it is the reason. Pure."""

from collections.abc import Collection, Iterator
from datetime import datetime
from uuid import UUID

from services.dispatcher.decisions.forbidding import (
    asked_too_close,
    is_countered,
    lacks_basis,
    refuses_channels,
    standing_before,
)
from services.dispatcher.decisions.frequency import is_capped, is_in_quarantine
from services.dispatcher.decisions.giving_way import outranked_by, without, yielding_to
from services.dispatcher.decisions.leaving import Leaving, is_too_old, reason_of_hold
from services.dispatcher.decisions.values import CandidateSurvey, Person, SurveyOutcome


def judge_survey(
    survey: CandidateSurvey,
    occurred_at: datetime,
    leaves: Leaving,
    person: Person,
    *,
    meets: bool = True,
    is_test: bool = False,
    cancels_itself: bool = False,
    outranked: Collection[UUID] = (),
) -> SurveyOutcome:
    """Whether this survey may ask this person now, or the first rule that forbids it.

    :param leaves: when its mail would leave.
    :param meets: whether the event meets the survey's conditions.
    :param is_test: whether it is a test of the survey, which may be paused.
    :param cancels_itself: whether the event cancels all mails to its customer, also those about itself.
    :param outranked: the surveys whose mails, until they have left, give way to those of this one.
    """
    rules = _rules(
        survey,
        occurred_at,
        leaves,
        person,
        meets=meets,
        is_test=is_test,
        cancels_itself=cancels_itself,
        outranked=outranked,
    )
    return next((why for forbidden, why in rules if forbidden), "invited")


def _rules(
    survey: CandidateSurvey,
    occurred_at: datetime,
    leaves: Leaving,
    person: Person,
    *,
    meets: bool,
    is_test: bool,
    cancels_itself: bool,
    outranked: Collection[UUID],
) -> Iterator[tuple[bool, SurveyOutcome]]:
    """The rules of :func:`judge_survey` in their order, each judged only where none before it forbids."""
    yield not meets, "conditions"
    yield not is_test and person.wanted_channels.isdisjoint(survey.channels), "channel"
    yield survey.state != "live" and not is_test, "paused"
    yield person.erased, "erased"
    yield person.address == "missing" and not person.has_link, "no_address"
    yield person.address == "bad" and not person.has_link, "bad_address"
    yield person.is_nobody and person.has_link, "nobody"
    yield person.complained, "complained"
    yield person.opted_out or refuses_channels(survey, person), "opted_out"
    yield person.suppressed, "suppressed"
    yield person.undeliverable and not (person.has_link or person.by_sms), "undeliverable"
    due_at = leaves.due_at
    yield person.preferences.pauses(due_at), "paused_by_customer"
    yield is_countered(person, leaves.wanted_at) or cancels_itself, "countered"
    yield person.open_case is not None and not person.test_address, "case_open"
    yield lacks_basis(survey, occurred_at, due_at, person), "no_basis"
    yield is_too_old(survey.max_age_days, occurred_at, leaves.held_until), "too_old"
    if is_too_old(survey.max_age_days, occurred_at, due_at):
        yield True, reason_of_hold(leaves.hold)
    person = without(person, yielding_to(survey, due_at, person))
    yield standing_before(survey, due_at, person) is not None, "relational_first"
    standing = without(person, outranked_by(survey, due_at, person, outranked))
    yield is_in_quarantine(survey, due_at, standing), "quarantine"
    yield asked_too_close(survey, due_at, person) is not None, "relational_distance"
    if person.cap_hours and not person.test_address:
        yield is_capped(standing.invited_at, due_at, person.cap_hours), "cap"
        yield is_capped(person.last_message_at, due_at, person.cap_hours), "cap"
