"""The versions of rules, and all that a company has set up for its cases."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row

from services.alerts.calendars.repository import decode_calendar
from services.alerts.rules.domain import DEFAULT_RULES, CaseRules, decode_rules
from services.alerts.rules.setup import CompanySetup
from services.alerts.teams.domain import Absence, Colleague
from services.alerts.teams.repository import decode_team
from shared.db.database import UnitOfWork

FIND_SETUP_VERSIONS = """
    SELECT tenant, version FROM case_setup
    WHERE tenant = ANY(CAST(:tenants AS text[]))
"""


async def setup_versions(uow: UnitOfWork, tenants: Sequence[str]) -> dict[str, int]:
    """The version of what each of these companies has set up, of those that have set up anything."""
    rows = await uow.execute(FIND_SETUP_VERSIONS, {"tenants": list(tenants)})
    return {row.tenant: row.version for row in rows}


ADD_SETUP = """
    INSERT INTO case_setup (tenant, version) VALUES (:tenant, 0)
    ON CONFLICT DO NOTHING
"""
LOCK_SETUP = """
    SELECT version FROM case_setup
    WHERE tenant = :tenant
    FOR UPDATE
"""


async def lock_setup(uow: UnitOfWork, tenant: str) -> CompanySetup:
    """All that a company has set up, as it is until this transaction ends.

    Whoever changes a part that names another one, or that others name, locks it before any row of them: what
    is named is then there when the transaction ends. Triggers lock the same row with each change.
    """
    await uow.execute(ADD_SETUP, {"tenant": tenant})
    await uow.execute(LOCK_SETUP, {"tenant": tenant})
    return (await load_setups(uow, [tenant]))[tenant]


FIND_NEWEST_RULES = """
    SELECT DISTINCT ON (tenant) tenant, version, CAST(body AS text) AS body, saved_at, saved_by
    FROM case_rules
    WHERE tenant = ANY(CAST(:tenants AS text[]))
    ORDER BY tenant, version DESC
"""
FIND_TEAMS = """
    SELECT tenant, id, CAST(body AS text) AS body FROM team
    WHERE tenant = ANY(CAST(:tenants AS text[]))
    ORDER BY tenant, id
"""
FIND_CALENDARS = """
    SELECT tenant, id, CAST(body AS text) AS body FROM calendar
    WHERE tenant = ANY(CAST(:tenants AS text[]))
    ORDER BY tenant, id
"""
FIND_ABSENCES = """
    SELECT tenant, staff_id, since, until, deputy_id FROM absence
    WHERE tenant = ANY(CAST(:tenants AS text[]))
    ORDER BY tenant, staff_id
"""
FIND_COLLEAGUES = """
    SELECT tenant, id, name, address, role, segments FROM staff
    WHERE tenant = ANY(CAST(:tenants AS text[])) AND active
    ORDER BY tenant, id
"""


async def load_setups(uow: UnitOfWork, tenants: Sequence[str]) -> dict[str, CompanySetup]:
    """All that these companies have set up."""
    wanted = {"tenants": list(tenants)}
    rules = {row.tenant: row for row in await uow.execute(FIND_NEWEST_RULES, wanted)}
    teams = _by_tenant(await uow.execute(FIND_TEAMS, wanted))
    calendars = _by_tenant(await uow.execute(FIND_CALENDARS, wanted))
    absences = _by_tenant(await uow.execute(FIND_ABSENCES, wanted))
    people = _by_tenant(await uow.execute(FIND_COLLEAGUES, wanted))
    return {
        tenant: CompanySetup(
            rules=decode_rules(rules[tenant].body) if tenant in rules else DEFAULT_RULES,
            rules_version=rules[tenant].version if tenant in rules else 0,
            teams={row.id: decode_team(row.body) for row in teams.get(tenant, ())},
            calendars={row.id: decode_calendar(row.body) for row in calendars.get(tenant, ())},
            absences=tuple(
                Absence(person=row.staff_id, since=row.since, until=row.until, deputy=row.deputy_id)
                for row in absences.get(tenant, ())
            ),
            people={
                row.id: Colleague(
                    id=row.id, name=row.name, address=row.address, role=row.role, segments=tuple(row.segments)
                )
                for row in people.get(tenant, ())
            },
        )
        for tenant in tenants
    }


def _by_tenant(rows: Any) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.tenant, []).append(row)
    return found


ADD_RULES = """
    INSERT INTO case_rules (tenant, version, body, saved_at, saved_by)
    SELECT :tenant, :seen + 1, CAST(CAST(:body AS text) AS jsonb), :now, :by
    WHERE :seen = (SELECT coalesce(max(version), 0) FROM case_rules WHERE tenant = :tenant)
    ON CONFLICT DO NOTHING
    RETURNING version
"""


async def add_rules(uow: UnitOfWork, tenant: str, rules: CaseRules, seen: int, by: str) -> bool:
    """Add the version behind the one that was seen; False if that is not the newest one any more."""
    values = {"tenant": tenant, "body": _json(rules), "seen": seen, "by": by, "now": uow.now}
    return (await uow.execute(ADD_RULES, values)).one_or_none() is not None


FIND_VERSION = """
    SELECT tenant, version, CAST(body AS text) AS body, saved_at, saved_by
    FROM case_rules
    WHERE tenant = :tenant AND version = :version
"""


async def find_rules(uow: UnitOfWork, tenant: str, version: int | None) -> Row[Any] | None:
    """A version of the rules; None: the newest one."""
    if version is None:
        return (await uow.execute(FIND_NEWEST_RULES, {"tenants": [tenant]})).one_or_none()
    return (await uow.execute(FIND_VERSION, {"tenant": tenant, "version": version})).one_or_none()


LIST_VERSIONS = """
    SELECT version, saved_at, saved_by FROM case_rules
    WHERE tenant = :tenant AND (CAST(:before AS bigint) IS NULL OR version < CAST(:before AS bigint))
    ORDER BY version DESC
    LIMIT :limit
"""


async def list_versions(
    uow: UnitOfWork, tenant: str, limit: int, before: int | None = None
) -> Sequence[Row[Any]]:
    """The newest versions, or those before one: by whom and when each was saved."""
    values = {"tenant": tenant, "before": before, "limit": limit}
    return (await uow.execute(LIST_VERSIONS, values)).all()


LIST_WHOLE_VERSIONS = """
    SELECT version, CAST(body AS text) AS body, saved_at, saved_by FROM case_rules
    WHERE tenant = :tenant AND (CAST(:before AS bigint) IS NULL OR version < CAST(:before AS bigint))
    ORDER BY version DESC
    LIMIT :limit
"""


async def list_whole_versions(
    uow: UnitOfWork, tenant: str, limit: int, before: int | None = None
) -> Sequence[Row[Any]]:
    """The same with what each of them says."""
    values = {"tenant": tenant, "before": before, "limit": limit}
    return (await uow.execute(LIST_WHOLE_VERSIONS, values)).all()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
