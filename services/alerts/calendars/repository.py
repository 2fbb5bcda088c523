"""``calendar``: one row for each calendar of a company."""

from uuid import UUID

import msgspec

from services.alerts.calendars.domain import Calendar
from shared.db.database import UnitOfWork

WRITE_CALENDAR = """
    INSERT INTO calendar (tenant, id, body)
    VALUES (:tenant, :id, CAST(CAST(:body AS text) AS jsonb))
    ON CONFLICT (tenant, id) DO UPDATE SET body = EXCLUDED.body
"""


async def write_calendar(uow: UnitOfWork, tenant: str, key: UUID, calendar: Calendar) -> None:
    """Add or replace a calendar."""
    body = msgspec.json.encode(calendar).decode()
    await uow.execute(WRITE_CALENDAR, {"tenant": tenant, "id": key, "body": body})


DELETE_CALENDAR = """
    DELETE FROM calendar
    WHERE tenant = :tenant AND id = :id
    RETURNING id
"""


async def delete_calendar(uow: UnitOfWork, tenant: str, key: UUID) -> bool:
    """Delete a calendar; False if there is none."""
    return (await uow.execute(DELETE_CALENDAR, {"tenant": tenant, "id": key})).one_or_none() is not None


decode_calendar = msgspec.json.Decoder(Calendar).decode
