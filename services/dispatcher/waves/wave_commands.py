"""Plan, make, find and stop waves: each within the caller's transaction."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.dispatcher.contact_policies.policy_commands import find_policy
from services.dispatcher.decisions.hours import ContactHours
from services.dispatcher.decisions.places import Place
from services.dispatcher.repository.survey_figures import count_answers_of
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.surveys.domain import StoredSurvey, SurveyNotFound
from services.dispatcher.surveys.survey_commands import find_survey, lock_survey
from services.dispatcher.tenants import tenant_or_placeholder
from services.dispatcher.waves import repository
from services.dispatcher.waves.drawing import FIGURES_DAYS, START_TOLERANCE, Wave, WavePlan, plan_wave
from services.dispatcher.waves.pace import MailPace, last_mail_at, last_mail_of
from services.dispatcher.waves.population_repository import count_eligible
from shared.db import UnitOfWork
from shared.events.surveys import OWN_CHANNELS
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Message, message

NO_SURVEY = message("There is no such survey.")
NOT_RELATIONAL = message("This survey asks about single events. Give a survey that measures the relation.")
LINKS_ALONE = message(
    "This survey asks by links alone, and a wave reaches nobody by them. Let it ask by mail or SMS, too."
)
NOT_LIVE = message("This survey is paused. Start it first.")
PAST = message("This time is past. Write a later one, or leave it out: now.")
NOBODY = message("No customer is known who may be asked, or none has these segments.")


FindSurvey = Callable[[UnitOfWork, str, UUID], Awaitable[StoredSurvey]]


class WaveRequest(NamedTuple):
    """What somebody wants. One of size and margin is given."""

    survey_id: UUID
    size: int | None
    margin: int | None
    segments: dict[str, str]
    start_at: datetime | None
    spread_hours: int


class WaveRefused(Exception):
    """Such a wave is not made."""

    def __init__(self, field: str, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.field = field
        self.remedy = remedy


class WaveKeyReused(Exception):
    """The idempotency key was used for another wave."""


class PlannedWave(NamedTuple):
    """A request that can be fulfilled, and how."""

    survey: StoredSurvey
    plan: WavePlan
    first_day_until: datetime | None
    """When the survey's first day ends, on which the wave's first mail would leave; None: it would not,
    or the day has not begun."""
    last_mail_at: datetime | None
    """When the last mail is expected to leave; None: in test mode none does."""


async def plan(
    uow: UnitOfWork, tenant: str, wanted: WaveRequest, *, find: FindSurvey = find_survey
) -> PlannedWave:
    """What the wave would do, if it began now.

    :raises WaveRefused: naming the field.
    """
    try:
        survey = await find(uow, tenant, wanted.survey_id)
    except SurveyNotFound:
        raise WaveRefused("survey_id", NO_SURVEY) from None
    if survey.draft.measurement != "relational":
        raise WaveRefused("survey_id", NOT_RELATIONAL)
    if OWN_CHANNELS.isdisjoint(survey.draft.channels):
        raise WaveRefused("survey_id", LINKS_ALONE)
    if survey.draft.state != "live":
        raise WaveRefused("survey_id", NOT_LIVE)
    if wanted.start_at is not None and wanted.start_at < uow.now - START_TOLERANCE:
        raise WaveRefused("start_at", PAST)
    eligible = await count_eligible(uow, tenant, wanted.segments, survey.draft.channels)
    if not eligible:
        raise WaveRefused("segments", NOBODY)
    since = uow.now - timedelta(days=FIGURES_DAYS)
    figures = await count_answers_of(uow, tenant, survey.id, since)
    begins_at = max(uow.now, wanted.start_at or uow.now)
    first_mail_at = begins_at + timedelta(minutes=survey.draft.least_wait_minutes)
    wave_plan = plan_wave(wanted.size, wanted.margin, eligible, figures)
    pace, spread = await _find_pace(uow, tenant, survey), timedelta(hours=wanted.spread_hours)
    expected = last_mail_at(wave_plan.size, begins_at, spread, pace) if pace is not None else None
    return PlannedWave(survey, wave_plan, survey.first_day_until(first_mail_at), expected)


async def expect_last_mail(uow: UnitOfWork, wave: Wave) -> datetime | None:
    """When the last mail of a wave is expected to leave, by the rules as they are now.

    None: none does, since nobody is asked, the survey is not live, or the company is in test mode.
    """
    try:
        survey = await find_survey(uow, wave.tenant, wave.survey_id)
    except SurveyNotFound:
        return None
    pace = await _find_pace(uow, wave.tenant, survey) if survey.draft.state == "live" else None
    return last_mail_of(wave, pace) if pace is not None else None


async def _find_pace(uow: UnitOfWork, tenant: str, survey: StoredSurvey) -> MailPace | None:
    """What the mails of a survey wait for; None: in test mode none leaves."""
    if (await find_sending(uow, tenant)).mode == "test":
        return None
    company = await tenant_or_placeholder(uow, tenant)
    rules = (await find_policy(uow, tenant)).rules
    channel = next((each for each in survey.draft.channels if each in OWN_CHANNELS), "mail")
    return MailPace(
        timedelta(minutes=survey.draft.least_wait_minutes),
        survey.draft.first_day_per_hour,
        survey.first_day_began_at,
        survey.awaits_first_day,
        ContactHours.of(rules, Place(company.time_zone, company.country), channel),
    )


async def start_wave(
    uow: UnitOfWork,
    tenant: str,
    wave_id: UUID,
    wanted: WaveRequest,
    made_from: str,
    *,
    who: AuditActor,
) -> Wave:
    """Make a wave, which begins by itself; one of this id that is there already stays as it is.

    :param made_from: the fingerprint of the request.
    :raises WaveRefused: naming the field.
    :raises WaveKeyReused: when the one that is there was made by another request.
    """
    known = await repository.find_fingerprint(uow, tenant, wave_id)
    if known is None:
        # Locked, so that the survey goes on measuring the relation until the wave stands.
        planned = (await plan(uow, tenant, wanted, find=lock_survey)).plan
        size = planned.size if wanted.size is None else wanted.size
        wave = Wave(
            tenant=tenant,
            id=wave_id,
            survey_id=wanted.survey_id,
            state="waiting",
            size=size,
            margin=wanted.margin,
            segments=wanted.segments,
            start_at=max(uow.now, wanted.start_at or uow.now),
            spread_hours=wanted.spread_hours,
            created_at=uow.now,
            who=who.name,
            chosen=None,
            limit=None,
            started_at=None,
            position="",
            published=0,
            ended_at=None,
        )
        if await repository.insert(uow, wave, made_from):
            record_audit(uow, tenant, who, "wave", str(wave_id), count=size, state="started")
        known = await repository.find_fingerprint(uow, tenant, wave_id)
    if known != made_from:
        raise WaveKeyReused
    made = await repository.find(uow, tenant, wave_id)
    if made is None:
        raise RuntimeError("the wave is not there")
    return made


async def stop_wave(uow: UnitOfWork, tenant: str, wave_id: UUID, *, who: AuditActor) -> bool:
    """Publish no more of a wave; False when it has ended already."""
    if not await repository.stop(uow, tenant, wave_id):
        return False
    record_audit(uow, tenant, who, "wave", str(wave_id), state="stopped")
    return True
