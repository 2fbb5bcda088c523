"""What the trigger adds to the log of who changed what: companies, keys, and whose scores are shown."""

from collections.abc import AsyncIterator

import pytest
from support.audit import audit_lines
from support.http_clients import a_lent_context
from support.lent_databases import LentDatabases

from services.trigger import tenants
from services.trigger.app import SERVICE
from services.trigger.company_values import MAX_NAME_LENGTH
from services.trigger.errors import BadTenant, TenantExists, UnknownKey
from shared.clock import system_clock
from shared.db.database import Database
from shared.events import AUDIT, AuditLine
from shared.ids import uuid7


@pytest.fixture
async def database(databases_to_lend: LentDatabases) -> AsyncIterator[Database]:
    async with a_lent_context(SERVICE, databases_to_lend) as context:
        yield context.database


async def test_each_change_of_a_company_and_its_keys_is_a_line_and_no_key_is_in_it(
    database: Database,
) -> None:
    await tenants.create_tenant(database, "acme", name="Acme")
    token = await tenants.create_key(database, "acme", ["events:write", "cases:read"], name="shop")
    await tenants.set_people(database, "acme", level=2, shown=True)
    await tenants.set_people(database, "acme", level=2)
    await tenants.revoke_key(database, "acme", token)
    lines = await audit_lines(database)
    assert [(line.act, line.facts) for line in lines] == [
        ("company_created", {}),
        ("key_created", {"scopes": "cases:read events:write"}),
        ("people_rule", {"dimensions": 0, "level": 2, "shown": True}),
        ("key_revoked", {}),
    ]
    assert lines[1].about == lines[3].about is not None
    assert {line.who_kind for line in lines} == {"command_line"}
    assert token not in str(lines)


async def test_what_is_refused_leaves_no_line(database: Database) -> None:
    await tenants.create_tenant(database, "acme", name="Acme")
    for refused, error in (
        (tenants.create_tenant(database, "acme", name="Acme"), TenantExists),
        (tenants.create_key(database, "acme", ["no such scope"]), BadTenant),
        (tenants.revoke_key(database, "acme", "aw_none"), UnknownKey),
    ):
        with pytest.raises(error):
            await refused
    assert [line.act for line in await audit_lines(database)] == ["company_created"]


def test_a_line_takes_the_longest_names() -> None:
    now = system_clock()
    line = AuditLine(id=uuid7(), at=now, who=f"the key {'n' * MAX_NAME_LENGTH}", act="survey")
    assert AUDIT.decode(AUDIT.encode(AUDIT.event("acme", line, now))).data == line
