"""Load what the events of a batch are judged by, with a fixed number of queries."""

from collections.abc import Collection, Container, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Row

from services.dispatcher.contact_policies.policy_commands import find_policies
from services.dispatcher.customers.known_words import is_complete
from services.dispatcher.customers.repository import find_words
from services.dispatcher.decisions.contacts import (
    ContactKey,
    keys_without_ours,
    quarantine_keys,
)
from services.dispatcher.decisions.counter_events import asking_about
from services.dispatcher.decisions.inputs import DecisionInputs
from services.dispatcher.decisions.lawful_basis import needs_evidence
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.quarantine import lock_contacts
from services.dispatcher.decisions.repository import asked as asked_rows
from services.dispatcher.decisions.repository import contacts as contact_rows
from services.dispatcher.decisions.repository import counter_events as counter_rows
from services.dispatcher.decisions.repository import open_cases as case_rows
from services.dispatcher.decisions.sampling import sampling_key
from services.dispatcher.decisions.scopes import Asked
from services.dispatcher.decisions.values import CandidateSurvey
from services.dispatcher.sending.sending_commands import find_sendings
from services.dispatcher.suppressions import repository as suppression_rows
from services.dispatcher.suppressions.domain import entries_of
from services.dispatcher.surveys import repository as survey_rows
from services.dispatcher.surveys.domain import rules_of
from services.dispatcher.surveys.texts import read_texts
from shared.db import UnitOfWork
from shared.events import Event, Transaction
from shared.privacy.erased import find_erased
from shared.privacy.persons import NOBODY
from shared.tenancy.tenants import find_tenants
from shared.values.text import normalized_text


async def load_inputs(
    uow: UnitOfWork, policy: ContactPolicy, events: Sequence[Event[Transaction]], secret: str
) -> DecisionInputs:
    """Load what the companies of these events have set."""
    tenants = sorted({event.tenant for event in events})
    surveys = {
        tenant: [candidate_from(row) for row in rows]
        for tenant, rows in groupby(
            await survey_rows.list_of_tenants(uow, tenants), key=lambda row: row.tenant
        )
    }
    return DecisionInputs(
        policy,
        await find_tenants(uow, tenants),
        surveys,
        await find_sendings(uow, tenants),
        sampling_key(secret),
        await find_policies(uow, tenants),
    )


async def load_erased(uow: UnitOfWork, contacts: Sequence[ContactKey], inputs: DecisionInputs) -> None:
    """Load which contacts were erased, before anything of them is stored."""
    inputs.erased.update(await find_erased(uow, [contact.subject for contact in contacts]))


async def load_contacts(
    uow: UnitOfWork,
    contacts: Sequence[ContactKey],
    inputs: DecisionInputs,
    for_links: Sequence[ContactKey] = (),
) -> None:
    """Lock the contacts' rows, and load what is known of them.

    :param for_links: those who are asked by a link at once, so that the cap is judged now and not later.
    """
    await lock_contacts(uow, contacts)
    keys = {(contact.tenant, key) for contact in contacts for key in quarantine_keys(contact)}
    without_ours = {(contact.tenant, key) for contact in contacts for key in keys_without_ours(contact)}
    scoped = {key for key in keys if key[0] in inputs.tenants_with_scopes}
    if unscoped := keys - scoped:
        for row in await contact_rows.find_last_asked(uow, unscoped, without_ours):
            inputs.asked_at[row.tenant, row.id] = row.asked_at
    if scoped:
        found = await load_asked(uow, scoped, without_ours)
        inputs.asked_at.update(found.last)
        for key, asked in found.asked:
            inputs.note_asked(*key, asked)
    if links := {(contact.tenant, key) for contact in for_links for key in contact.own_keys}:
        for row in await contact_rows.find_last_mails(uow, links):
            inputs.last_mail_at[row.tenant, row.id] = row.last_mail_at
    careful = [
        contact for contact in contacts if not inputs.company_policy(contact.tenant).rules.ask_with_open_case
    ]
    inputs.open_cases.update(await case_rows.find(uow, careful))
    entries = {(contact.tenant, *entry) for contact in contacts for entry in entries_of(contact)}
    for row in await suppression_rows.find_with_preferences(uow, sorted(entries)):
        said = inputs.preferred if row.reason is None else inputs.suppressed
        said[row.tenant, row.kind, row.key] = row


async def load_untouched(
    uow: UnitOfWork, events: Sequence[Event[Transaction]], inputs: DecisionInputs
) -> None:
    """Load which of the cases that customers are asked again about are open with nobody reached."""
    cases = {(event.tenant, case) for event in events if (case := event.data.recovery_of) is not None}
    if cases:
        inputs.untouched_cases.update(await case_rows.find_untouched(uow, cases))


async def load_counters(
    uow: UnitOfWork, asked: Sequence[tuple[Event[Transaction], ContactKey]], inputs: DecisionInputs
) -> None:
    """Load the counter-events that may be about these events. A company that set no rules has none."""
    askings = [
        asking_about(event.tenant, event.data, contact)
        for event, contact in asked
        if event.tenant in inputs.company_policies
    ]
    if askings:
        for counter in await counter_rows.find(uow, askings):
            inputs.counters.add(counter)


async def load_words(
    uow: UnitOfWork, asked: Sequence[tuple[Event[Transaction], ContactKey]], inputs: DecisionInputs
) -> None:
    """Load what is known of customers whose events leave something out, or whose evidence matters."""
    persons = {
        (contact.tenant, contact.person)
        for event, contact in asked
        if contact.person != NOBODY
        and (
            not is_complete(event.data.customer)
            or needs_evidence(inputs.company_policy(contact.tenant).rules.countries)
        )
    }
    if persons:
        inputs.words.update(await find_words(uow, persons))


class FoundAsked(NamedTuple):
    """When contacts were asked, by (tenant, id or hash of an address)."""

    asked: list[tuple[tuple[str, str], Asked]]
    """By whom and about what, as far as it is known."""
    last: dict[tuple[str, str], datetime]
    """Whatever it was."""


async def load_asked(
    uow: UnitOfWork, keys: Collection[tuple[str, str]], without_ours: Container[tuple[str, str]] = ()
) -> FoundAsked:
    """When each (tenant, id or hash of an address) was asked, by whom and about what.

    Of a customer's last time nothing more is known until the backfill is done, or where a version that did
    not keep it wrote the time: no question that is known is as late. It then counts in every scope.

    :param without_ours: the keys of which what we asked does not count.
    """
    found = FoundAsked([], {})
    known: dict[tuple[tuple[str, str], bool], datetime] = {}
    customers: dict[tuple[str, str], asked_rows.FoundAskedRow] = {}
    for row in await asked_rows.find(uow, keys, without_ours):
        key, at, elsewhere = row.key, row.asked_at, row.elsewhere
        customers[key] = row
        if at is not None and elsewhere is not None:
            known[key, elsewhere] = max(at, known.get((key, elsewhere), at))
            what = row.measurement, row.touchpoint, row.survey_id, row.unsent_about
            found.asked.append((key, Asked(at, elsewhere, *what)))
    for key, row in customers.items():
        for last, elsewhere in ((row.invited_at, False), (row.asked_elsewhere_at, True)):
            if last is None:
                continue
            found.last[key] = max(last, found.last.get(key, last))
            latest = known.get((key, elsewhere))
            if row.backfilling or latest is None or latest < last:
                found.asked.append((key, Asked(last, elsewhere)))
    return found


def candidate_from(row: Row[Any]) -> CandidateSurvey:
    """A survey's row as a decision needs it. Earlier versions stored triggers in other forms of Unicode."""
    rules = rules_of(row)
    rules["trigger"] = normalized_text(row.trigger)
    return CandidateSurvey(
        **rules,
        id=row.id,
        survey_version=row.survey_version,
        name=row.name,
        measurement=row.measurement,
        default_language=row.default_language,
        languages=tuple(read_texts(row.texts)),
    )
