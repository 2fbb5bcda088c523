"""Rules, teams and calendars set up by the API, and what came of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from support.alerts_api import AlertsApi
from support.alerts_builders import (
    rows,
)

from shared.db.database import Database
from shared.ids import uuid7

DAY = {"days": 1}
UNHAPPY = {"name": "Unhappy", "highest": 6, "first_contact": DAY, "closing": {"days": 7}}
KEY_ACCOUNT = {
    "name": "Key account",
    "priority": "urgent",
    "condition": {"field": "attributes.key_account", "op": "=", "value": True},
    "first_contact": {"hours": 2},
    "closing": {"days": 2},
}
OFFICE = {
    "name": "Office",
    "zone": "Europe/Copenhagen",
    "country": "DK",
    "week": {
        day: [{"from": "08:00", "to": "16:00"}]
        for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
    },
}


async def save(alerts: AlertsApi, *rules: dict[str, Any], **fields: Any) -> None:
    await put(alerts, "/v1/rules", {"rules": list(rules), **fields})


async def put(alerts: AlertsApi, path: str, body: dict[str, Any], status: int = 200) -> Any:
    async with alerts.client() as client:
        answer = await client.put(path, json=body, headers=alerts.key("admin"))
    assert answer.status_code == status, answer.text
    return answer.json()


async def get(alerts: AlertsApi, path: str) -> Any:
    async with alerts.client() as client:
        answer = await client.get(path, headers=alerts.key("admin"))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def the_case(database: Database) -> Any:
    (case,) = await rows(database, "SELECT * FROM cases")
    return case


async def entries(database: Database, kind: str) -> list[dict[str, Any]]:
    found = await rows(
        database,
        "SELECT CAST(facts AS text) AS facts FROM timeline WHERE kind = :kind ORDER BY seq",
        kind=kind,
    )
    return [msgspec.json.decode(row.facts) for row in found]


def at_time(database: Database, now: datetime) -> None:
    database.clock = lambda: now


async def a_team(alerts: AlertsApi, *members: UUID, **fields: Any) -> UUID:
    team = uuid7()
    body = {"name": "Delivery", "members": [str(one) for one in members], **fields}
    await put(alerts, f"/v1/teams/{team}", {name: value for name, value in body.items() if value is not None})
    return team


async def told_of(database: Database, *kinds: str) -> set[UUID]:
    told = await rows(
        database,
        "SELECT staff_id FROM notification WHERE kind = ANY(CAST(:kinds AS text[]))",
        kinds=list(kinds),
    )
    return {row.staff_id for row in told}


async def close(alerts: AlertsApi, case: UUID) -> None:
    await act(alerts, case, act="close", cause="other", action="Called.", outcome="explained", told=True)


async def act(alerts: AlertsApi, case: UUID, **body: Any) -> None:
    async with alerts.client() as client:
        done = await client.post(f"/v1/cases/{case}/actions", json=body, headers=alerts.key("cases:write"))
    assert done.status_code == 200, done.text
