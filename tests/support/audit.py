"""Whoever acts in a test, and the lines of the log that their acts leave."""

from shared.db.database import Database
from shared.events import AUDIT, AuditLine
from shared.privacy.audit import AuditActor


def an_actor(name: str = "the test") -> AuditActor:
    return AuditActor("staff", f"id of {name}", name)


async def audit_lines(database: Database) -> list[AuditLine]:
    """The lines in the outbox, in order."""
    async with database.reading() as uow:
        found = await uow.execute("SELECT value FROM outbox WHERE topic = 'audit.v1' ORDER BY seq")
    return [AUDIT.decode(row.value).data for row in found]
