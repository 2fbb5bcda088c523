"""Read when and how often a tenant may write, and change it: each change is published."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import json
from msgspec.structs import replace
from sqlalchemy import Row

from services.dispatcher.contact_policies import repository
from services.dispatcher.contact_policies.domain import DEFAULT_POLICY, CompanyPolicy, PolicyChanged
from shared.db import UnitOfWork
from shared.events import (
    CONTACT_POLICIES,
    ContactRules,
    CounterEvent,
    CountryRule,
    DeclaredBasis,
    QuietHours,
    TenantContactPolicy,
)
from shared.privacy.audit import AuditActor, record_audit

_quiet_hours = json.Decoder(dict[str, QuietHours])
_counter_events = json.Decoder(tuple[CounterEvent, ...])
_countries = json.Decoder(tuple[CountryRule, ...])


async def find_policy(uow: UnitOfWork, tenant: str, *, lock: bool = False) -> CompanyPolicy:
    """When and how often the tenant may write; ``lock``: nobody changes what it has set until this ends."""
    if lock:
        await repository.lock(uow, tenant)
    return (await find_policies(uow, [tenant])).get(tenant, DEFAULT_POLICY)


async def find_policies(uow: UnitOfWork, tenants: Sequence[str]) -> Mapping[str, CompanyPolicy]:
    """The rules of those of the tenants that have ever set them."""
    rows = await repository.find_of_tenants(uow, tenants)
    return {row.tenant: CompanyPolicy(rules_from(row), row.version) for row in rows}


async def set_policy(
    uow: UnitOfWork, tenant: str, who: AuditActor, rules: ContactRules, *, seen: int | None = None
) -> bool:
    """Set and publish the rules; False if they were these already.

    :raises PolicyChanged: when ``seen`` is given and is no longer the version.
    """
    if any(rule.declared is not None for rule in rules.countries):
        current = (await find_policy(uow, tenant)).rules.countries
        rules = replace(rules, countries=_signed(rules.countries, current, who, uow.now))
    row = await repository.write(uow, tenant, rules, seen)
    if row is None:
        if seen is not None and (await find_policy(uow, tenant)).version != seen:
            raise PolicyChanged
        return False
    uow.publish(CONTACT_POLICIES, tenant, policy_event(row))
    record_audit(uow, tenant, who, "contact_policy", None, version=row.version, **audit_facts(rules))
    return True


def audit_facts(rules: ContactRules) -> dict[str, str | int | bool]:
    """The rules as a line of the log has them; what was declared is with the rules of that version."""
    quiet = [
        f"{'' if channel == 'mail' else f'{channel} '}{hours.start} - {hours.end}"
        for channel, hours in sorted(rules.quiet_hours.items())
    ]
    return {
        "quiet_hours": ", ".join(quiet) or False,
        "sundays": rules.sundays,
        "holidays": rules.holidays,
        "sms_sundays": rules.sms_sundays,
        "sms_holidays": rules.sms_holidays,
        "cap_hours": rules.cap_hours,
        "counter_events": len(rules.counter_events),
        "relational_distance_days": rules.relational_distance_days,
        "ask_with_open_case": rules.ask_with_open_case,
        "countries": ", ".join(f"{rule.country} {rule.needs}" for rule in rules.countries) or False,
        "declared": ", ".join(rule.country for rule in rules.countries if rule.declared is not None) or False,
        "ids_are_shared": rules.ids_are_shared,
        "fewer_months": rules.fewer_months,
    }


def _signed(
    countries: Sequence[CountryRule], current: Sequence[CountryRule], who: AuditActor, now: datetime
) -> tuple[CountryRule, ...]:
    """The rules with who declared each basis, and when; one whose wording stays was declared before."""
    before = {rule.country: rule.declared for rule in current}
    signed = []
    for rule in countries:
        declared, known = rule.declared, before.get(rule.country)
        if declared is not None:
            if known is None or known.wording != declared.wording:
                known = DeclaredBasis(wording=declared.wording, by=who.name, at=now)
            declared = known
        signed.append(replace(rule, declared=declared))
    return tuple(signed)


def rules_from(row: Row[Any]) -> ContactRules:
    """The rules of a row."""
    return ContactRules(
        quiet_hours=_quiet_hours.decode(row.quiet_hours),
        sundays=row.sundays,
        holidays=row.holidays,
        sms_sundays=row.sms_sundays,
        sms_holidays=row.sms_holidays,
        cap_hours=row.cap_hours,
        counter_events=_counter_events.decode(row.counter_events),
        relational_distance_days=row.relational_distance_days,
        ask_with_open_case=row.ask_with_open_case,
        countries=_countries.decode(row.countries),
        ids_are_shared=row.ids_are_shared,
        fewer_months=row.fewer_months,
    )


def policy_event(row: Row[Any]) -> TenantContactPolicy:
    """The rules of a row, as they are published."""
    rules = rules_from(row)
    return TenantContactPolicy(
        version=row.version,
        changed_at=row.changed_at,
        quiet_hours=rules.quiet_hours,
        sundays=rules.sundays,
        holidays=rules.holidays,
        sms_sundays=rules.sms_sundays,
        sms_holidays=rules.sms_holidays,
        cap_hours=rules.cap_hours,
        counter_events=rules.counter_events,
        relational_distance_days=rules.relational_distance_days,
        ask_with_open_case=rules.ask_with_open_case,
        countries=rules.countries,
        ids_are_shared=rules.ids_are_shared,
        fewer_months=rules.fewer_months,
    )
