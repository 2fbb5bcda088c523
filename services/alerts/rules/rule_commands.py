"""Read the rules of a company, and save a new version of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.alerts.errors import SetupFaulty
from services.alerts.rules import repository
from services.alerts.rules.clocks import Recipient
from services.alerts.rules.domain import DEFAULT_RULES, CaseRules, decode_rules
from services.alerts.rules.setup import CompanySetup
from shared.db.database import UnitOfWork
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import message


class RulesChanged(Exception):
    """The rules have changed since they were read."""


class SavedRules(NamedTuple):
    """A version of a company's rules; version 0: it has set none, and has the defaults."""

    rules: CaseRules
    version: int
    saved_at: datetime | None = None
    saved_by: str = ""


async def find_rules(uow: UnitOfWork, tenant: str, version: int | None = None) -> SavedRules | None:
    """A version of the rules, by default the newest one; None: there is no such version."""
    row = await repository.find_rules(uow, tenant, version or None)
    if row is not None and version != 0:
        return SavedRules(decode_rules(row.body), row.version, row.saved_at, row.saved_by)
    return SavedRules(DEFAULT_RULES, 0) if not version else None


async def newest_rules(uow: UnitOfWork, tenant: str) -> SavedRules:
    """The rules that hold."""
    return await find_rules(uow, tenant) or SavedRules(DEFAULT_RULES, 0)


async def earlier_versions(
    uow: UnitOfWork, tenant: str, limit: int, before: int | None = None
) -> list[SavedRules]:
    """The newest versions, or those before one; the last is version 0 where there are no more."""
    rows = await repository.list_whole_versions(uow, tenant, limit, before)
    found = [SavedRules(decode_rules(row.body), row.version, row.saved_at, row.saved_by) for row in rows]
    return found if len(found) == limit else [*found, SavedRules(DEFAULT_RULES, 0)]


async def restore_rules(
    uow: UnitOfWork, tenant: str, who: AuditActor, version: int, seen: int
) -> SavedRules | None:
    """Save what a version says as the newest one; None: there is no such version.

    :raises RulesChanged: when ``seen`` is no longer the newest version.
    :raises SetupFaulty: when it names what the company does not have any more.
    """
    wanted = await find_rules(uow, tenant, version)
    return await save_rules(uow, tenant, who, wanted.rules, seen) if wanted is not None else None


async def save_rules(
    uow: UnitOfWork, tenant: str, who: AuditActor, rules: CaseRules, seen: int | None
) -> SavedRules:
    """Save a new version; nothing where they are these already.

    :raises RulesChanged: when ``seen`` is given and is no longer the newest version.
    :raises SetupFaulty: when they name what the company does not have.
    """
    setup = await repository.lock_setup(uow, tenant)
    current = await newest_rules(uow, tenant)
    if seen is not None and seen != current.version:
        raise RulesChanged
    if current.version and current.rules == rules:
        return current
    if faults := unknown_recipients(setup, rules):
        raise SetupFaulty(faults)
    if not await repository.add_rules(uow, tenant, rules, current.version, who.name):
        raise RulesChanged
    record_audit(uow, tenant, who, "case_rules", None, version=current.version + 1, count=len(rules.rules))
    return SavedRules(rules, current.version + 1, uow.now, who.name)


def unknown_recipients(setup: CompanySetup, rules: CaseRules) -> list[FieldFault]:
    """What rules name that the company does not have: a team or a person."""
    faults = []
    for place, to in _recipients(rules):
        if to.team is not None and to.team not in setup.teams:
            faults.append(FieldFault(field=f"{place}/team", detail=message("Your company has no such team.")))
        if to.person is not None and not _works_on_cases(setup, to.person):
            faults.append(
                FieldFault(field=f"{place}/person", detail=message("Nobody with this id works on cases."))
            )
    return faults


def _recipients(rules: CaseRules) -> Iterator[tuple[str, Recipient]]:
    for number, rule in enumerate(rules.rules):
        if rule.to is not None:
            yield f"/rules/{number}/to", rule.to
        for level, escalation in enumerate(rule.clocks.escalations):
            yield f"/rules/{number}/escalations/{level}/to", escalation.to


def _works_on_cases(setup: CompanySetup, person: UUID) -> bool:
    found = setup.people.get(person)
    return found is not None and found.works_on_cases
