"""The values by which a survey was judged, as the page of the event shows them. Pure."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from services.dispatcher.decisions.forbidding import asked_too_close, basis_missing, standing_before
from services.dispatcher.decisions.frequency import quarantine_of
from services.dispatcher.decisions.giving_way import outranked_by, without, yielding_to
from services.dispatcher.decisions.hours import CLOCK_RULES
from services.dispatcher.decisions.leaving import Leaving, is_too_old
from services.dispatcher.decisions.values import CandidateSurvey, Considered, Person, SurveyOutcome
from shared.conditions.judging import FailedComparison

JUDGED_BY_TIME = frozenset(
    {
        "paused_by_customer",
        "no_basis",
        "relational_first",
        "quarantine",
        "relational_distance",
        "sampled_out",
    }
)
"""The rules that have values, which depend on when the mail would leave."""
WITHOUT_VALUES = frozenset({"invited", "order"})
"""The outcomes of nearly all surveys that are judged, of which nothing more is told."""
TOO_LATE = frozenset({"too_old", "quiet_dropped", "countered"})
"""The rules by which a mail is not sent that would leave too long after its event; a counter-event may also
cancel it."""


def consider_at(
    survey: CandidateSurvey,
    why: SurveyOutcome,
    occurred_at: datetime,
    due_at: datetime,
    person: Person,
    failed: tuple[FailedComparison, ...] = (),
    outranked: Collection[UUID] = (),
) -> Considered:
    """The survey with what it was judged by, where its mail would leave at this instant.

    :param outranked: see ``judge_survey``.
    """
    if why in WITHOUT_VALUES:
        return Considered(
            survey_id=survey.id, survey_version=survey.survey_version, name=survey.name, why=why
        )
    considered = Considered(
        survey_id=survey.id,
        survey_version=survey.survey_version,
        name=survey.name,
        why=why,
        failed=failed,
        sampling_percent=survey.sampling_percent if why == "sampled_out" else None,
        basis=basis_missing(survey, occurred_at, due_at, person) if why == "no_basis" else None,
        open_case=person.open_case if why == "case_open" else None,
        paused_until=person.preferences.paused_until if why == "paused_by_customer" else None,
        refused_channels=tuple(sorted(person.preferences.refused_channels))
        if why == "opted_out" and not person.opted_out
        else (),
    )
    if why in {"no_basis", "paused_by_customer", "sampled_out"} or why not in JUDGED_BY_TIME:
        return considered
    person = without(person, yielding_to(survey, due_at, person))
    if why == "relational_first":
        other = standing_before(survey, due_at, person)
        if other is None or other.unsent_about is not None:
            return msgspec.structs.replace(considered, relational_event_id=other and other.unsent_about)
        return msgspec.structs.replace(considered, asked_at=other.at)
    if why == "relational_distance":
        return msgspec.structs.replace(
            considered,
            distance_days=person.relational_distance_days,
            asked_at=asked_too_close(survey, due_at, person),
        )
    found = quarantine_of(survey, without(person, outranked_by(survey, due_at, person, outranked)))
    return msgspec.structs.replace(
        considered,
        quarantine_days=survey.quarantine_days,
        quarantine_scope=survey.quarantine_scope,
        asked_at=found.asked_at,
        wished_months=found.wished_months,
    )


def with_lateness(
    considered: Considered, survey: CandidateSurvey, occurred_at: datetime, leaves: Leaving, person: Person
) -> Considered:
    """The same; of a mail that would leave too late with when, by which rules, and after how many days it is.

    One that is too old by its delay and holding time alone was held by nothing else.
    """
    is_late = is_too_old(survey.max_age_days, occurred_at, leaves.due_at)
    if considered.why not in TOO_LATE or not is_late or person.countered.cancelled_by is not None:
        return considered
    by_age = considered.why == "too_old"
    held_by = tuple(rule for rule in leaves.held_by if not by_age or rule == "holding")
    return msgspec.structs.replace(
        considered,
        max_age_days=survey.max_age_days,
        due_at=leaves.held_until if by_age else leaves.due_at,
        held_by=held_by,
        zone=None if CLOCK_RULES.isdisjoint(held_by) else person.hours.zones,
    )
