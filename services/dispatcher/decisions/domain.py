"""The rules about contacting a person: pure, so that one event and ten thousand are judged alike."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

import msgspec

from services.dispatcher.decisions.considering import consider_at, with_lateness
from services.dispatcher.decisions.durations import days
from services.dispatcher.decisions.forbidding import as_asked, first_channel
from services.dispatcher.decisions.giving_way import outranked_surveys, replaced_by
from services.dispatcher.decisions.hours import Hold
from services.dispatcher.decisions.leaving import Leaving, leaving
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.sampling import NO_DRAW, Draw
from services.dispatcher.decisions.scopes import one_touchpoint
from services.dispatcher.decisions.survey_rules import judge_survey
from services.dispatcher.decisions.values import (
    ASIDE,
    CandidateSurvey,
    Considered,
    Person,
    Reason,
    SurveyRefusal,
    Verdict,
)
from shared.conditions.event_fields import EventFields
from shared.conditions.judging import FailedComparison, failed_comparisons
from shared.events.sending import SendingMode
from shared.values.languages import widening

WEAK = frozenset({"conditions", "channel", "paused", "order", "invited"})
"""The outcomes of surveys that tell less of why nobody is asked than any other."""


def matches(trigger: str, event_type: str) -> bool:
    """Whether a survey asks about this type of event: exactly, or by its beginning before a final ``*``."""
    if trigger.endswith("*"):
        return event_type.startswith(trigger[:-1])
    return event_type == trigger


def decide(
    *,
    event_type: str,
    occurred_at: datetime,
    now: datetime,
    surveys: Sequence[CandidateSurvey],
    person: Person,
    mode: SendingMode,
    fields: EventFields,
    draws: Callable[[CandidateSurvey], Draw],
    touchpoint: str | None = None,
    delay_minutes: int | None = None,
    test_of: UUID | None = None,
    wave_of: UUID | None = None,
    link_of: UUID | None = None,
) -> Verdict:
    """Judge one event. ``surveys`` are the tenant's, in their order: the first that may ask does.

    :param fields: what conditions are judged by.
    :param draws: whether a survey that asks only some of the contacts asks this one. It is not asked about
        test addresses, nor in a wave.
    :param touchpoint: the event's own, which stands before each survey's.
    :param delay_minutes: the event's own, in place of each survey's.
    :param test_of: the one survey that asks in a test of it, also when it is paused or the event does not
        meet its conditions: a test address alone.
    :param wave_of: the one survey that asks in a wave of it or after a case, whatever its trigger; whom it
        asks is chosen already.
    :param link_of: the one survey that a company wants a link of, whatever its trigger.
    """
    if wave_of is not None:
        matching = [survey for survey in surveys if survey.id == wave_of]
    elif test_of is not None:
        matching = [survey for survey in surveys if survey.id == test_of and person.is_tester]
    else:
        matching = asking_about(event_type, surveys, link_of)
    matching = [survey_for_event(survey, touchpoint, delay_minutes) for survey in matching]
    if not matching:
        return Verdict(reason="no_survey")
    winner: CandidateSurvey | None = None
    won_by, leaves = NO_DRAW, Leaving(now, now, Hold(until=now))
    considered: list[Considered] = []
    outranked: Collection[UUID] = ()
    everybody = person
    for survey in matching:
        person = as_asked(everybody, survey.channels)
        if winner is not None:
            considered.append(consider_at(survey, "order", occurred_at, now, person))
            continue
        outranked = outranked_surveys(survey, surveys)
        failed: tuple[FailedComparison, ...] = ()
        if survey.conditions is not None and test_of is None:
            failed = failed_comparisons(survey.conditions, fields)
        leaves = leaving(survey, occurred_at, now, person)
        why = judge_survey(
            survey,
            occurred_at,
            leaves,
            person,
            meets=not failed,
            is_test=test_of is not None,
            cancels_itself=person.countered.cancels_itself and survey.trigger != event_type,
            outranked=outranked,
        )
        # The last rule: who could not be asked anyway is told so, and no higher percent would help.
        may_be_drawn = why == "invited" and wave_of is None and not person.test_address
        draw = draws(survey) if may_be_drawn else NO_DRAW
        why = why if draw.asks else "sampled_out"
        judged = consider_at(survey, why, occurred_at, leaves.due_at, person, failed, outranked)
        judged = with_lateness(judged, survey, occurred_at, leaves, person)
        if draw.share is not None and (why == "sampled_out" or (why == "invited" and draw.beyond)):
            judged = msgspec.structs.replace(judged, share=draw.share)
        considered.append(judged)
        if why == "invited":
            winner, won_by = survey, draw
    if winner is None:
        return Verdict(reason=first_reason(considered), considered=tuple(considered))
    person = as_asked(everybody, winner.channels)
    is_test = mode == "test" or person.test_address
    return Verdict(
        reason="invited",
        considered=tuple(considered),
        survey=winner,
        test=is_test,
        withheld=mode == "test" and not person.test_address,
        due_at=leaves.due_at,
        wanted_at=leaves.wanted_at if leaves.held_by else None,
        held_by=leaves.held_by,
        expires_at=leaves.due_at + days(winner.link_days),
        channel=first_channel(winner.channels, everybody),
        drawn_percent=won_by.percent,
        beyond_draw=won_by.beyond,
        replaces=() if is_test else replaced_by(winner, leaves.due_at, person, outranked),
    )


def asking_about(
    event_type: str, surveys: Sequence[CandidateSurvey], link_of: UUID | None = None
) -> list[CandidateSurvey]:
    """The surveys that may ask about an event of this type, or the one that a link is wanted of.

    One that asks again after cases asks about no event of the company.
    """
    wanted = (each for each in surveys if each.state not in ASIDE and each.measurement != "recovery")
    if link_of is not None:
        return [each for each in wanted if each.id == link_of]
    return [each for each in wanted if matches(each.trigger, event_type)]


def survey_for_event(
    survey: CandidateSurvey, touchpoint: str | None, delay_minutes: int | None
) -> CandidateSurvey:
    """The survey as it asks about an event that names these: what an event says of itself stands first."""
    about = one_touchpoint(touchpoint, survey.touchpoint)
    if about == survey.touchpoint and delay_minutes is None:
        return survey
    return msgspec.structs.replace(
        survey,
        touchpoint=about,
        delay_minutes=survey.delay_minutes if delay_minutes is None else delay_minutes,
    )


def first_reason(considered: Sequence[Considered]) -> Reason:
    """The event's one reason: that of the first survey which asks about this event and is not simply paused.

    Where all that ask about it are paused it is that; where none does, that none asks by the channel, or that
    it did not meet the conditions.
    """
    whys = [each.why for each in considered]
    others = (why for why in whys if why not in WEAK)
    last = next(weak for weak in ("paused", "channel", "conditions") if weak in whys or weak == "conditions")
    return cast("SurveyRefusal", next(others, last))


def language_of(
    locale: str | None, policy: ContactPolicy, survey: CandidateSurvey, tenant: Sequence[str]
) -> str:
    """The customer's language if there are words in it, else the tenant's, the survey's, the policy's."""
    known = {*policy.standard_languages, *survey.languages}
    for candidate in (*widening(locale or ""), *tenant, survey.default_language):
        if candidate in known:
            return candidate
    return policy.last_language
