"""Load the events of the last days page by page, and decide them again."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.dispatcher.adaptive_sampling.computing import shares_now
from services.dispatcher.contact_policies.policy_commands import find_policy
from services.dispatcher.customers.known_words import is_complete
from services.dispatcher.customers.repository import find_words
from services.dispatcher.decisions.contacts import (
    ContactKey,
    contact_of_invitation,
    keys_without_ours,
    quarantine_keys,
)
from services.dispatcher.decisions.counter_events import asking_about
from services.dispatcher.decisions.drawing import find_detractors
from services.dispatcher.decisions.explanation import decode_facts
from services.dispatcher.decisions.lawful_basis import needs_evidence
from services.dispatcher.decisions.loading import candidate_from
from services.dispatcher.decisions.repository import counter_events as counter_rows
from services.dispatcher.decisions.sampling import ALL_PERCENT, SegmentShare, sampling_key
from services.dispatcher.decisions.scopes import Asked, one_touchpoint
from services.dispatcher.decisions.values import AddressQuality, CandidateSurvey, OpenCase
from services.dispatcher.dry_runs import repository
from services.dispatcher.dry_runs.domain import (
    Chosen,
    DryRun,
    KnownCase,
    Outcome,
    PastEvent,
    Simulation,
    Suppressed,
    TriedRules,
    with_survey,
)
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.suppressions import repository as suppression_rows
from services.dispatcher.suppressions.domain import entries_of
from services.dispatcher.surveys import repository as survey_rows
from shared.db import UnitOfWork
from shared.db.database import Database
from shared.events import ContactRules, Invitation
from shared.ids import uuid7
from shared.privacy.persons import NOBODY
from shared.tenancy.tenants import find_tenants

DEFAULT_DAYS, MAX_DAYS = 7, 30
MAX_EVENTS = 100_000
"""The newest of the time; more would take too long to wait for."""
MAX_EVENTS_AT_ONCE = 5_000
"""So many events are decided in one go, in a thread beside which other requests are answered."""
_FIRST_ID = UUID(int=0)


class _StoredContact(msgspec.Struct):
    """What of a decision's stored values says something of the contact: the address is not kept."""

    address: AddressQuality | None = None
    number: AddressQuality | None = None
    by_number: bool = False
    test_address: bool = False
    ignored_id: str | None = None


_contacts = msgspec.json.Decoder(_StoredContact)


async def run(
    database: Database,
    secret: str,
    tenant: str,
    *,
    survey: CandidateSurvey | None,
    company: ContactRules | None,
    period: timedelta,
    most: int = MAX_EVENTS,
) -> DryRun:
    """Decide the events of the last days again, and keep the result for a week.

    :param survey: as it would be; None: all stay as they are.
    :param company: the company's rules as they would be; None: as they are.
    :param period: the events decided in so long until now.
    """
    async with database.reading() as uow:
        made_at = uow.now
        since = made_at - period
        simulation = Simulation(await _rules(uow, secret, tenant, survey, company))
        start = await repository.find_start(uow, tenant, since, most)
        for row in await repository.list_cases(uow, tenant, since):
            closed_at = row.closed_at if row.state == "closed" else None
            case = KnownCase(OpenCase(row.id, row.number), row.opened_at, closed_at)
            of_address = simulation.rules.company.ids_are_shared and row.contact_key is not None
            for name in filter(None, (None if of_address else row.person, row.contact_key)):
                simulation.cases.setdefault(name, []).append(case)
        has_counters = await repository.has_counter_events(uow, tenant)
        after, since = (start, start[0]) if start is not None else ((since, _FIRST_ID), since)
        for row in await repository.list_gave_way(uow, tenant, since):
            _note_waiting(simulation, tenant, read_invitation(row))
    while True:
        async with database.reading() as uow:
            found = await repository.list_decisions(uow, tenant, since, made_at, after, MAX_EVENTS_AT_ONCE)
            rows = _whole_batches(found)
            shared = simulation.rules.company.ids_are_shared
            events = await asyncio.to_thread(_past_events, tenant, rows, ids_are_shared=shared)
            if simulation.rules.texts:
                events = await _with_numbers(uow, tenant, events)
            await _load_contacts(uow, simulation, tenant, events, since)
            if simulation.rules.shares:
                contacts = list({event.contact for event in events})
                simulation.detractors |= {key for _, key in await find_detractors(uow, contacts)}
            all_of_them = needs_evidence(simulation.rules.company.countries)
            persons = {
                (tenant, event.contact.person)
                for event in events
                if all_of_them or not is_complete(event.transaction.customer)
            }
            for (_, person), words in (await find_words(uow, persons)).items():
                simulation.words[person] = words
            if has_counters:
                asking = [asking_about(tenant, event.transaction, event.contact) for event in events]
                known = await counter_rows.find(uow, asking)
                simulation.remember(each for each in known if each.known_at < since)
        await asyncio.to_thread(simulation.decide, events)
        if len(found) < MAX_EVENTS_AT_ONCE:
            break
        after = rows[-1].decided_at, rows[-1].event_id
    result = simulation.result(uuid7(), made_at, since, all_counted=start is None)
    async with database.transaction() as uow:
        await repository.insert(uow, tenant, result.id, msgspec.json.encode(result))
    return result


def _note_waiting(simulation: Simulation, tenant: str, invitation: Invitation) -> None:
    """Let a mail count that waited when the first of the events was decided."""
    shared = simulation.rules.company.ids_are_shared
    contact = contact_of_invitation(tenant, invitation)._replace(id_is_shared=shared)
    what = invitation.measurement, one_touchpoint(invitation.touchpoint, None), invitation.survey_id
    for key in contact.own_keys:
        simulation.note_asked(key, Asked(invitation.due_at, False, *what, invitation.event_id))


async def find_dry_run(uow: UnitOfWork, tenant: str, id_: UUID) -> DryRun | None:
    """A dry run of the last days; None: there is none of this id."""
    stored = await repository.find(uow, tenant, id_)
    return msgspec.json.decode(stored, type=DryRun) if stored is not None else None


async def _rules(
    uow: UnitOfWork, secret: str, tenant: str, survey: CandidateSurvey | None, company: ContactRules | None
) -> TriedRules:
    rows = await survey_rows.list_of_tenants(uow, [tenant])
    surveys = {row.id: candidate_from(row) for row in rows}
    tried = with_survey(surveys, survey) if survey is not None else list(surveys.values())
    return TriedRules(
        surveys=tried,
        company=company if company is not None else (await find_policy(uow, tenant)).rules,
        tenant=(await find_tenants(uow, [tenant])).get(tenant),
        sampling_key=sampling_key(secret),
        shares=await _shares(uow, tenant, tried, rows),
    )


async def _shares(
    uow: UnitOfWork, tenant: str, surveys: Sequence[CandidateSurvey], rows: Sequence[Row[Any]]
) -> dict[tuple[UUID, str], SegmentShare]:
    """The shares of surveys with adaptive sampling as they would be computed now, for what is tried."""
    asks_since = {row.id: row.first_live_at or row.created_at for row in rows}
    shares = {}
    for survey in surveys:
        if (adaptive := survey.adaptive_sampling) is None or survey.id not in asks_since:
            continue
        for share in await shares_now(uow, tenant, survey.id, adaptive, asks_since[survey.id]):
            if share.percent < ALL_PERCENT:
                shares[survey.id, share.segment] = SegmentShare(
                    segment=share.segment,
                    percent=share.percent,
                    margin=adaptive.margin,
                    answers=share.answers,
                )
    return shares


def _whole_batches(rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """The rows of a page without those of a batch that the page may have cut; its own order is to be kept."""
    if len(rows) < MAX_EVENTS_AT_ONCE or rows[0].decided_at == rows[-1].decided_at:
        return rows
    return [row for row in rows if row.decided_at != rows[-1].decided_at]


def _past_events(tenant: str, rows: Sequence[Row[Any]], *, ids_are_shared: bool) -> list[PastEvent]:
    """The events of a page in the order of their decisions; what is left of erased ones is no event."""
    found = []
    for row in rows:
        if row.contact_key is None and row.customer_id == NOBODY:
            continue
        stored = _contacts.decode(row.grounds)
        contact = ContactKey(
            tenant,
            row.customer_id,
            row.contact_key,
            ignored_id=stored.ignored_id,
            person=row.person or NOBODY,
            by_number=stored.by_number,
            id_is_shared=ids_are_shared,
        )
        found.append(
            PastEvent(
                row.event_id,
                row.decided_at,
                Outcome(reason=row.reason, survey_id=row.survey_id),
                contact,
                decode_facts(row.facts),
                _address(row.contact_key is not None and not stored.by_number, stored.address),
                stored.test_address,
                stored.number or "missing",
            )
        )
    # Of one batch, what happened first was decided first.
    found.sort(key=lambda event: (event.decided_at, event.transaction.occurred_at, event.event_id))
    return found


async def _with_numbers(uow: UnitOfWork, tenant: str, events: Sequence[PastEvent]) -> list[PastEvent]:
    """The same; the contacts of those that came with an address and a number have the number, too."""
    both = [
        event.event_id
        for event in events
        if event.number != "missing" and event.contact.address is not None and not event.contact.by_number
    ]
    numbers = await repository.find_numbers(uow, tenant, both) if both else {}
    return [
        event._replace(contact=event.contact._replace(number=number))
        if (number := numbers.get(event.event_id)) is not None
        else event
        for event in events
    ]


def _address(has_key: bool, stored: AddressQuality | None) -> AddressQuality:
    """What the address is. Where no survey asked, only its key tells that there is one."""
    if stored == "bad":
        return "bad"
    return "good" if has_key or stored == "good" else "missing"


async def _load_contacts(
    uow: UnitOfWork,
    simulation: Simulation,
    tenant: str,
    events: Sequence[PastEvent],
    since: datetime,
) -> None:
    """Load what was asked before, and what is suppressed, of contacts that were not met yet."""
    keys = {key for event in events for key in quarantine_keys(event.contact)} - simulation.known
    entries = {
        (tenant, *entry)
        for event in events
        for entry in entries_of(event.contact)
        if entry.key not in simulation.known
    }
    without_ours = {key for event in events for key in keys_without_ours(event.contact)}
    for row in await repository.find_asked_before(uow, tenant, sorted(keys), without_ours, since):
        what = row.measurement, row.touchpoint, row.survey_id, row.about
        simulation.note_asked(row.contact, Asked(row.asked_at, row.elsewhere, *what))
    for row in await suppression_rows.find_with_preferences(uow, sorted(entries)):
        if row.reason is None:
            chosen = Chosen(row.created_at, row.paused_until, row.months, row.channel)
            simulation.chosen.setdefault(row.key, []).append(chosen)
        else:
            simulation.suppressed.setdefault(row.key, []).append(Suppressed(row.created_at, row.reason))
    simulation.known |= keys | {key for _, _, key, _ in entries}
