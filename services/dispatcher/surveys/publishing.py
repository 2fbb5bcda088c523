"""What the start of a survey, or a change of one that asks, makes fixed, beside what it makes happen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.dispatcher.contact_policies.policy_commands import find_policy
from services.dispatcher.decisions.hours import ContactHours, hold
from services.dispatcher.decisions.places import place_of
from services.dispatcher.rehearsals import repository as rehearsal_rows
from services.dispatcher.rehearsals.results import Rehearsal
from services.dispatcher.surveys.domain import StoredSurvey, SurveyDraft
from services.dispatcher.surveys.survey_commands import list_word_versions
from services.dispatcher.surveys.version_changes import FieldChange, changes_between
from shared.db import UnitOfWork
from shared.events import Customer, Tenant
from shared.events.transactions import LINK
from shared.privacy.persons import NOBODY


@dataclass(frozen=True, kw_only=True)
class Publishing:
    """A survey as it is about to ask."""

    changes: Sequence[FieldChange]
    """Of its words since it last asked, none where it never has; or by what was typed and is not saved."""
    first_mail_at: datetime
    """When a message about an event that came now would leave, by the company's clock and the hours of the
    first channel by which the survey sends."""
    rehearsed: Rehearsal | None
    """What its last rehearsal has found; None to who is limited to segments, whose events it does not tell
    from others."""


async def find_publishing(
    uow: UnitOfWork, tenant: Tenant, survey: StoredSurvey, *, sees_all: bool, typed: SurveyDraft | None = None
) -> Publishing:
    """What is to be known before the survey starts, or asks as it was typed.

    :param sees_all: whether the reader sees the events of all segments.
    """
    changes: Sequence[FieldChange] = ()
    draft = typed or survey.draft
    if typed is not None:
        changes = changes_between(survey.draft, typed, rules=True)
    elif survey.live_version is not None and survey.live_version != survey.survey_version:
        versions = {each.number: each for each in await list_word_versions(uow, tenant.id, survey.id)}
        changes = changes_between(versions[survey.live_version].draft, versions[survey.survey_version].draft)
    place = place_of(Customer(id=NOBODY), tenant)
    rules = (await find_policy(uow, tenant.id)).rules
    wanted_at = uow.now + timedelta(minutes=draft.least_wait_minutes)
    # A link is handed out at once and has no hours of its own.
    channel = next((each for each in draft.channels if each != LINK), "mail")
    stored = await rehearsal_rows.find(uow, tenant.id, survey.id) if sees_all else None
    found = stored.found if stored is not None else Rehearsal()
    return Publishing(
        changes=changes,
        first_mail_at=hold(wanted_at, ContactHours.of(rules, place, channel)).until,
        rehearsed=found if sees_all else None,
    )
