"""The rules about contacting a person: pure, so that one event and ten thousand are judged alike."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, cast
from uuid import UUID

import msgspec

from services.dispatcher.decisions.conditions import FailedComparison, failed_comparisons
from services.dispatcher.decisions.event_fields import EventFields
from services.dispatcher.decisions.frequency import is_capped, is_in_quarantine, left_of, quarantine_of
from services.dispatcher.decisions.giving_way import (
    outranked_by,
    outranked_surveys,
    replaced_by,
    without,
    yielding_to,
)
from services.dispatcher.decisions.hours import CLOCK_RULES, Hold, HoldRule, hold
from services.dispatcher.decisions.lawful_basis import MissingBasis, missing_basis
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.relational import last_too_close, unsent_on_day
from services.dispatcher.decisions.sampling import NO_DRAW, Draw
from services.dispatcher.decisions.scopes import one_touchpoint
from services.dispatcher.decisions.values import (
    ASIDE,
    CandidateSurvey,
    Considered,
    Person,
    Reason,
    SurveyOutcome,
    SurveyRefusal,
    Verdict,
)
from shared.events.sending import SendingMode
from shared.events.surveys import ChannelName
from shared.values.languages import widening

JUDGED_BY_TIME = frozenset(
    {"paused_by_customer", "no_basis", "relational_first", "quarantine", "relational_distance"}
)
"""The rules that have values, which depend on when the mail would leave."""
TOO_LATE = frozenset({"too_old", "quiet_dropped", "countered"})
"""The rules by which a mail is not sent that would leave too long after its event; a counter-event may also
cancel it."""


WEAK = frozenset({"conditions", "channel", "paused", "order", "invited"})
"""The outcomes of surveys that tell less of why nobody is asked than any other."""


def matches(trigger: str, event_type: str) -> bool:
    """Whether a survey asks about this type of event: exactly, or by its beginning before a final ``*``."""
    if trigger.endswith("*"):
        return event_type.startswith(trigger[:-1])
    return event_type == trigger


class Leaving(NamedTuple):
    """When a survey's mail about an event would leave."""

    wanted_at: datetime
    """By its delay alone."""
    held_until: datetime
    """And not before the survey's holding time is over."""
    hold: Hold
    """What else holds it from then on."""

    @property
    def due_at(self) -> datetime:
        """When nothing holds it any more."""
        return self.hold.until

    @property
    def held_by(self) -> tuple[HoldRule, ...]:
        """The rules that hold it, in the order in which they are met."""
        return ("holding", *self.hold.by) if self.held_until > self.wanted_at else self.hold.by


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
    :param wave_of: the one survey that asks in a wave of it, whatever its trigger; the wave has drawn whom.
    :param link_of: the one survey that a company wants a link of, whatever its trigger.
    """
    if wave_of is not None:
        matching = [survey for survey in surveys if survey.id == wave_of]
    elif test_of is not None:
        matching = [survey for survey in surveys if survey.id == test_of and person.test_address]
    else:
        matching = asking_about(event_type, surveys, link_of)
    matching = [survey_for_event(survey, touchpoint, delay_minutes) for survey in matching]
    if not matching:
        return Verdict(reason="no_survey")
    winner: CandidateSurvey | None = None
    won_by, leaves = NO_DRAW, Leaving(now, now, Hold(until=now))
    considered: list[Considered] = []
    outranked: Collection[UUID] = ()
    for survey in matching:
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
        expires_at=leaves.due_at + timedelta(days=winner.link_days),
        channel=first_channel(winner.channels, person),
        drawn_percent=won_by.percent,
        beyond_draw=won_by.beyond,
        replaces=() if is_test else replaced_by(winner, leaves.due_at, person, outranked),
    )


def asking_about(
    event_type: str, surveys: Sequence[CandidateSurvey], link_of: UUID | None = None
) -> list[CandidateSurvey]:
    """The surveys that may ask about an event of this type, or the one that a link is wanted of."""
    wanted = (each for each in surveys if each.state not in ASIDE)
    if link_of is not None:
        return [each for each in wanted if each.id == link_of]
    return [each for each in wanted if matches(each.trigger, event_type)]


def first_channel(channels: Sequence[str], person: Person) -> ChannelName | None:
    """The first of a survey's channels that can reach the person; those of newer versions are passed over."""
    can_reach: dict[ChannelName, bool] = {
        "mail": person.address == "good" and not person.has_link,
        "link": person.has_link,
    }
    can_reach |= dict.fromkeys(can_reach.keys() & person.preferences.refused_channels, False)
    return next((name for each in channels for name in can_reach if name == each and can_reach[name]), None)


def refuses_channels(survey: CandidateSurvey, person: Person) -> bool:
    """Whether the customer refuses each channel by which this survey could reach them."""
    return bool(person.preferences.refused_channels) and first_channel(survey.channels, person) is None


def survey_for_event(
    survey: CandidateSurvey, touchpoint: str | None, delay_minutes: int | None
) -> CandidateSurvey:
    """The survey as it asks about an event that names these: what an event says of itself stands first."""
    if touchpoint is None and delay_minutes is None and survey.touchpoint is None:
        return survey
    return msgspec.structs.replace(
        survey,
        touchpoint=one_touchpoint(touchpoint, survey.touchpoint),
        delay_minutes=survey.delay_minutes if delay_minutes is None else delay_minutes,
    )


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
    if why in {"no_basis", "paused_by_customer"} or why not in JUDGED_BY_TIME:
        return considered
    person = without(person, yielding_to(survey, due_at, person))
    if why == "relational_first":
        other = standing_before(survey, due_at, person)
        return msgspec.structs.replace(considered, relational_event_id=other)
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
        zone=None if CLOCK_RULES.isdisjoint(held_by) else person.hours.zone,
    )


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
    due_at = leaves.due_at
    person = without(person, yielding_to(survey, due_at, person))
    standing = without(person, outranked_by(survey, due_at, person, outranked))
    rules: tuple[tuple[bool, SurveyOutcome], ...] = (
        (not meets, "conditions"),
        (not is_test and person.wanted_channel not in survey.channels, "channel"),
        (survey.state != "live" and not is_test, "paused"),
        (person.erased, "erased"),
        (person.address == "missing" and not person.has_link, "no_address"),
        (person.address == "bad" and not person.has_link, "bad_address"),
        (person.is_nobody and person.has_link, "nobody"),
        (person.opted_out or refuses_channels(survey, person), "opted_out"),
        (person.suppressed, "suppressed"),
        (person.preferences.pauses(due_at), "paused_by_customer"),
        (is_countered(person, leaves.wanted_at) or cancels_itself, "countered"),
        (person.open_case is not None and not person.test_address, "case_open"),
        (_lacks_basis(survey, occurred_at, due_at, person), "no_basis"),
        (is_too_old(survey.max_age_days, occurred_at, leaves.held_until), "too_old"),
        (is_too_old(survey.max_age_days, occurred_at, due_at), reason_of_hold(leaves.hold)),
        (standing_before(survey, due_at, person) is not None, "relational_first"),
        (is_in_quarantine(survey, due_at, standing), "quarantine"),
        (asked_too_close(survey, due_at, person) is not None, "relational_distance"),
        (not person.test_address and is_capped(standing.invited_at, due_at, person.cap_hours), "cap"),
        (not person.test_address and is_capped(person.last_message_at, due_at, person.cap_hours), "cap"),
    )
    return next((why for forbidden, why in rules if forbidden), "invited")


def basis_missing(
    survey: CandidateSurvey, occurred_at: datetime, at: datetime, person: Person
) -> MissingBasis | None:
    """What the law of the customer's country misses for a mail at this instant; never of a test address."""
    if person.test_address:
        return None
    return missing_basis(
        person.law, neutral=survey.neutral, incentive=survey.incentive, occurred_at=occurred_at, at=at
    )


def _lacks_basis(survey: CandidateSurvey, occurred_at: datetime, at: datetime, person: Person) -> bool:
    return basis_missing(survey, occurred_at, at, person) is not None


def first_reason(considered: Sequence[Considered]) -> Reason:
    """The event's one reason: that of the first survey which asks about this event and is not simply paused.

    Where all that ask about it are paused it is that; where none does, that none asks by the channel, or that
    it did not meet the conditions.
    """
    whys = [each.why for each in considered]
    others = (why for why in whys if why not in WEAK)
    last = next(weak for weak in ("paused", "channel", "conditions") if weak in whys or weak == "conditions")
    return cast("SurveyRefusal", next(others, last))


def leaving(survey: CandidateSurvey, occurred_at: datetime, now: datetime, person: Person) -> Leaving:
    """When the survey's mail would leave, or its link be shown: never in the past."""
    if person.waits_for_nothing:
        return Leaving(now, now, Hold(until=now))
    wanted_at = max(occurred_at + timedelta(minutes=survey.delay_minutes), now)
    held_until = max(wanted_at, occurred_at + survey.holding)
    return Leaving(wanted_at, held_until, hold_for(person, held_until))


def hold_for(person: Person, at: datetime) -> Hold:
    """Until when a mail that was to leave then is held."""
    if person.waits_for_nothing:
        return Hold(until=at)
    countered_until = person.countered.held_until
    if countered_until is None or countered_until <= at:
        return hold(at, person.hours)
    held = hold(countered_until, person.hours)
    return Hold(until=held.until, by=("counter_event", *held.by))


def is_countered(person: Person, at: datetime) -> bool:
    """Whether a counter-event forbids to ask: it cancels, or would hold a link, which cannot wait."""
    countered = person.countered
    if countered.cancelled_by is not None:
        return True
    held_until = countered.held_until
    return person.has_link and not person.test_address and held_until is not None and held_until > at


def reason_of_hold(held: Hold) -> Literal["cap", "countered", "quiet_dropped"]:
    """Why a mail is not sent that would be too late when it may leave again."""
    if held.by and held.by[0] == "cap":
        return "cap"
    return "countered" if held.by and held.by[0] == "counter_event" else "quiet_dropped"


def hold_after(person: Person, last_message_at: datetime) -> Hold:
    """Until when a mail is held because another message to the contact is too close."""
    held = hold(last_message_at + timedelta(hours=person.cap_hours), person.hours)
    return Hold(until=held.until, by=("cap", *held.by), after=last_message_at)


def is_too_old(max_age_days: int, occurred_at: datetime, at: datetime) -> bool:
    """Whether the customer would be asked about something long ago."""
    return at - occurred_at > timedelta(days=max_age_days)


def standing_before(survey: CandidateSurvey, at: datetime, person: Person) -> UUID | None:
    """The event whose relational mail is due on the day of a transactional one, and has not left."""
    if survey.measurement != "transactional" or person.test_address:
        return None
    asked = (*person.asked, *person.asked_by_us)
    first = unsent_on_day(asked, "relational", at, person.company_zone)
    return first[0].unsent_about if first else None


def asked_too_close(survey: CandidateSurvey, at: datetime, person: Person) -> datetime | None:
    """When the person is asked about an event, too close to be asked by this relational survey; None: never.

    When the mail leaves, what has not left counts no more, as for the quarantine.
    """
    if survey.measurement != "relational" or person.test_address:
        return None
    return last_too_close((*person.asked, *left_of(person)), at, person.relational_distance_days)


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
) -> tuple[Literal["dropped", "withheld"], str] | None:
    """The rules once more, when the mail is about to leave; None lets it go.

    ``survey`` is None when it is gone. The person's ``invited_at`` and ``asked`` are here when another system
    asked, ``left_at`` and ``asked_by_us`` when we did: of our own mails those count that have left, and this
    one has not. A test goes out although its survey is paused: no rule held it back when it was decided.

    Conditions and the draw are not judged again: an event does not change, and the draw is stable. Who edits
    them decides about events from then on; what was decided by the former ones is sent.

    :param leaves_at: when the mail leaves as far as the age of the event counts: one that leaves as soon as
        it is due leaves then, not the moments later at which it is judged.
    """
    if (mode == "test" or test) and not person.test_address:
        return "withheld", "test_mode"
    rules = (
        (person.erased, "erased"),
        (person.address == "missing", "no_address"),
        (person.address == "bad", "bad_address"),
        (person.opted_out, "opted_out"),
        (person.suppressed, "suppressed"),
        (person.preferences.pauses(now), "paused_by_customer"),
        (person.countered.cancelled_by is not None, "countered"),
        (person.open_case is not None and not person.test_address, "case_open"),
        (survey is not None and _lacks_basis(survey, occurred_at, leaves_at, person), "no_basis"),
        (survey is None or (survey.state != "live" and not test), "paused"),
        (survey is not None and is_too_old(survey.max_age_days, occurred_at, leaves_at), "too_old"),
        (survey is not None and standing_before(survey, now, person) is not None, "relational_first"),
        (survey is not None and is_in_quarantine(survey, now, person), "quarantine"),
        (survey is not None and asked_too_close(survey, now, person) is not None, "relational_distance"),
        (expires_at <= now, "expired"),
    )
    reason = next((reason for forbidden, reason in rules if forbidden), None)
    return ("dropped", reason) if reason is not None else None


def asked_before(reason: str, survey: CandidateSurvey, at: datetime, person: Person) -> datetime | None:
    """When the person was asked that forbids a mail to leave then, for this reason; None: not why."""
    if reason == "quarantine":
        return quarantine_of(survey, person).asked_at
    return asked_too_close(survey, at, person) if reason == "relational_distance" else None


def language_of(
    locale: str | None, policy: ContactPolicy, survey: CandidateSurvey, tenant: Sequence[str]
) -> str:
    """The customer's language if there are words in it, else the tenant's, the survey's, the policy's."""
    known = {*policy.standard_languages, *survey.languages}
    for candidate in (*widening(locale or ""), *tenant, survey.default_language):
        if candidate in known:
            return candidate
    return policy.last_language
