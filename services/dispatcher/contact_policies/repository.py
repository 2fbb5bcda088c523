"""``contact_policy``: when and how often each tenant may write to its customers."""

from collections.abc import Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Row

from services.dispatcher.models import contact_policy
from shared.db import UnitOfWork
from shared.db.bulk import row_values, rows_sql
from shared.events import ContactRules, Event, TenantContactPolicy

_COLUMNS = (
    "tenant, version, CAST(quiet_hours AS text) AS quiet_hours, sundays, holidays, cap_hours, changed_at, "
    "CAST(counter_events AS text) AS counter_events, relational_distance_days, ask_with_open_case, "
    "CAST(countries AS text) AS countries, ids_are_shared, fewer_months, "
    "sms_sundays, sms_holidays"
)

FIND_OF_TENANTS = f"""
    SELECT {_COLUMNS} FROM contact_policy WHERE tenant = ANY(CAST(:tenants AS text[]))
"""


async def find_of_tenants(uow: UnitOfWork, tenants: Sequence[str]) -> Sequence[Row[Any]]:
    """The rules of those of the tenants that have set any."""
    return (await uow.execute(FIND_OF_TENANTS, {"tenants": list(tenants)})).all()


LOCK = """
    SELECT FROM contact_policy WHERE tenant = :tenant FOR UPDATE
"""


async def lock(uow: UnitOfWork, tenant: str) -> None:
    """Lock the tenant's rules, where it has set any."""
    await uow.execute(LOCK, {"tenant": tenant})


WRITE_POLICY = f"""
    INSERT INTO contact_policy AS p (
        tenant, version, quiet_hours, sundays, holidays, cap_hours, counter_events,
        relational_distance_days, ask_with_open_case, countries, ids_are_shared, fewer_months,
        sms_sundays, sms_holidays, changed_at
    )
    SELECT :tenant, 1, CAST(CAST(:quiet_hours AS text) AS jsonb), :sundays, :holidays, :cap_hours,
        CAST(CAST(:counter_events AS text) AS jsonb), :relational_distance_days, :ask_with_open_case,
        CAST(CAST(:countries AS text) AS jsonb), :ids_are_shared, :fewer_months,
        :sms_sundays, :sms_holidays, :now
    WHERE coalesce(CAST(:seen AS bigint), 0) = 0
        OR EXISTS (SELECT 1 FROM contact_policy WHERE tenant = :tenant)
    ON CONFLICT (tenant) DO UPDATE SET
        version = p.version + 1,
        quiet_hours = EXCLUDED.quiet_hours,
        sundays = EXCLUDED.sundays,
        holidays = EXCLUDED.holidays,
        cap_hours = EXCLUDED.cap_hours,
        counter_events = EXCLUDED.counter_events,
        relational_distance_days = EXCLUDED.relational_distance_days,
        ask_with_open_case = EXCLUDED.ask_with_open_case,
        countries = EXCLUDED.countries,
        ids_are_shared = EXCLUDED.ids_are_shared,
        fewer_months = EXCLUDED.fewer_months,
        sms_sundays = EXCLUDED.sms_sundays,
        sms_holidays = EXCLUDED.sms_holidays,
        changed_at = greatest(p.changed_at, EXCLUDED.changed_at)
    WHERE (CAST(:seen AS bigint) IS NULL OR p.version = :seen)
        AND (p.quiet_hours, p.sundays, p.holidays, p.cap_hours, p.counter_events,
             p.relational_distance_days, p.ask_with_open_case, p.countries,
             p.ids_are_shared, p.fewer_months, p.sms_sundays, p.sms_holidays) IS DISTINCT FROM
            (EXCLUDED.quiet_hours, EXCLUDED.sundays, EXCLUDED.holidays, EXCLUDED.cap_hours,
             EXCLUDED.counter_events, EXCLUDED.relational_distance_days, EXCLUDED.ask_with_open_case,
             EXCLUDED.countries, EXCLUDED.ids_are_shared, EXCLUDED.fewer_months,
             EXCLUDED.sms_sundays, EXCLUDED.sms_holidays)
    RETURNING {_COLUMNS}
"""


async def write(uow: UnitOfWork, tenant: str, rules: ContactRules, seen: int | None) -> Row[Any] | None:
    """Write the tenant's rules; None when they were these already, or another version than the one seen."""
    values = {
        "tenant": tenant,
        "quiet_hours": json.encode(rules.quiet_hours).decode(),
        "sundays": rules.sundays,
        "holidays": rules.holidays,
        "cap_hours": rules.cap_hours,
        "counter_events": json.encode(rules.counter_events).decode(),
        "relational_distance_days": rules.relational_distance_days,
        "ask_with_open_case": rules.ask_with_open_case,
        "countries": json.encode(rules.countries).decode(),
        "ids_are_shared": rules.ids_are_shared,
        "fewer_months": rules.fewer_months,
        "sms_sundays": rules.sms_sundays,
        "sms_holidays": rules.sms_holidays,
        "seen": seen,
        "now": uow.now,
    }
    return (await uow.execute(WRITE_POLICY, values)).one_or_none()


SHARE_AFTER = f"""
    SELECT {_COLUMNS} FROM contact_policy
    WHERE CAST(:after AS text) IS NULL OR tenant > :after
    ORDER BY tenant LIMIT :limit
    FOR SHARE
"""


async def share_after(uow: UnitOfWork, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """The rules of the next tenants, locked against change."""
    return (await uow.execute(SHARE_AFTER, {"after": after, "limit": limit})).all()


_RULES = ContactRules.__struct_fields__
_RESTORED = ", ".join(
    f"{rule} = CASE WHEN p.changed_at > EXCLUDED.changed_at THEN p.{rule} ELSE EXCLUDED.{rule} END"
    for rule in _RULES
)
# What was changed here after the event was published stands, and gets a version that no consumer has.
RESTORE_POLICIES = """
    INSERT INTO contact_policy AS p ({names})
    {rows}
    ON CONFLICT (tenant) DO UPDATE SET
        version = EXCLUDED.version + CASE WHEN p.changed_at > EXCLUDED.changed_at THEN 1 ELSE 0 END,
        {changes},
        changed_at = greatest(p.changed_at, EXCLUDED.changed_at)
    WHERE p.version <= EXCLUDED.version
"""


async def restore(uow: UnitOfWork, events: Sequence[Event[TenantContactPolicy]]) -> None:
    """Keep the rules of these tenants, where they were changed later than ours."""
    names, values = row_values(
        contact_policy,
        [event.data for event in events],
        {
            "tenant": [event.tenant for event in events],
            "quiet_hours": [json.encode(event.data.quiet_hours).decode() for event in events],
            "counter_events": [json.encode(event.data.counter_events).decode() for event in events],
            "countries": [json.encode(event.data.countries).decode() for event in events],
        },
    )
    rows = rows_sql(contact_policy, names)
    await uow.execute(RESTORE_POLICIES.format(names=", ".join(names), rows=rows, changes=_RESTORED), values)
