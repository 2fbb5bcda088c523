"""Locks by name, which a transaction holds until it ends."""

from shared.db.database import UnitOfWork

LOCK_NAME = "SELECT pg_advisory_xact_lock(hashtextextended(CAST(:name AS text), 0))"


async def lock_name(uow: UnitOfWork, *parts: str) -> None:
    """Let no other transaction have this name until this one ends.

    By it those who would each add one more to a list that is bounded come one after the other: whoever waited
    counts what the others have added.

    :param parts: of the name, such as what is listed, the company and the person.
    """
    await uow.execute(LOCK_NAME, {"name": "/".join(parts)})
