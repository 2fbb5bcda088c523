"""What the draws of surveys with adaptive sampling need: loaded for a batch, and only where there is one."""

from collections.abc import Sequence

from services.dispatcher.adaptive_sampling import repository
from services.dispatcher.adaptive_sampling.repository import KnownAs, WantedShare
from services.dispatcher.decisions.contacts import ContactKey, quarantine_keys
from services.dispatcher.decisions.domain import matches, survey_for_event
from services.dispatcher.decisions.inputs import DecisionInputs
from services.dispatcher.decisions.sampling import SegmentShare, adaptive_segment, is_sampled
from services.dispatcher.decisions.values import CandidateSurvey
from shared.db import UnitOfWork
from shared.events import Event, Transaction
from shared.events.segments import TOUCHPOINT


async def load_draws(
    uow: UnitOfWork, asked: Sequence[tuple[Event[Transaction], ContactKey]], inputs: DecisionInputs
) -> None:
    """Load the shares of the events' segments, and which of the contacts that no share draws are detractors.

    Events of waves and tests are drawn by nobody.
    """
    adaptive = {
        tenant: [each for each in surveys if each.adaptive_sampling is not None and each.state != "draft"]
        for tenant, surveys in inputs.surveys.items()
    }
    drawn_by = [
        (survey_for_event(survey, event.data.segments.get(TOUCHPOINT), None), event, contact)
        for event, contact in asked
        if event.data.is_of_client
        for survey in adaptive.get(event.tenant, ())
        if _is_asked_by(survey, event.data)
    ]
    wanted = {each for survey, event, _ in drawn_by if (each := _wanted(survey, event)) is not None}
    if not wanted:
        return
    for row in await repository.find_shares(uow, wanted):
        share = SegmentShare(segment=row.segment, percent=row.percent, margin=row.margin, answers=row.answers)
        inputs.shares[row.tenant, row.survey_id, row.segment] = share
    spared = [
        contact
        for survey, event, contact in drawn_by
        if is_sampled(inputs.sampling_key, contact, survey.id, survey.sampling_percent, survey.draws_by)
        and not inputs.draws(survey, contact, event.data).drawn
    ]
    inputs.detractors.update(await find_detractors(uow, spared))


def _is_asked_by(survey: CandidateSurvey, transaction: Transaction) -> bool:
    if transaction.link_of is not None:
        return survey.id == transaction.link_of
    return matches(survey.trigger, transaction.type)


async def find_detractors(uow: UnitOfWork, contacts: Sequence[ContactKey]) -> set[tuple[str, str]]:
    """The (tenant, key) of those whose last answer was a detractor's, under any of their names."""
    names = {
        KnownAs(contact.tenant, contact.key, key, contact.person)
        for contact in contacts
        for key in quarantine_keys(contact)
    }
    return await repository.find_detractors(uow, names) if names else set()


def _wanted(survey: CandidateSurvey, event: Event[Transaction]) -> WantedShare | None:
    adaptive = survey.adaptive_sampling
    segment = adaptive_segment(adaptive, event.data, survey.touchpoint)
    if adaptive is None or segment is None:
        return None
    return WantedShare(event.tenant, survey.id, segment, adaptive.margin, adaptive.window_days)
