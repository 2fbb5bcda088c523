"""``mail_destination``: how fast mails go to a domain, in one row for all companies and all senders.

There are rows only of destinations that have a limit or have refused a mail.
"""

from datetime import timedelta
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Row

from shared.db import UnitOfWork
from shared.outbound.destinations import MailDestination

IDLE_FOR = timedelta(days=1)
"""A destination that nothing was mailed to for so long is forgotten."""
_FIELDS = "next_at, line_until, refused, held_until"

LOCK = f"SELECT {_FIELDS} FROM mail_destination WHERE destination = :destination FOR UPDATE"
LOCK_REFUSING = f"""
    SELECT {_FIELDS} FROM mail_destination WHERE destination = :destination AND refused > 0 FOR UPDATE
"""
# It writes the row as it is, so that it is locked, whoever has made it.
INSERT_AND_LOCK = f"""
    INSERT INTO mail_destination AS d (destination, next_at, line_until) VALUES (:destination, :now, :now)
    ON CONFLICT (destination) DO UPDATE SET refused = d.refused
    RETURNING {_FIELDS}
"""
UPDATE = """
    UPDATE mail_destination SET next_at = :next_at, line_until = :line_until, refused = :refused,
        held_until = :held_until
    WHERE destination = :destination
"""
FORGET_IDLE = """
    DELETE FROM mail_destination WHERE greatest(next_at, line_until, held_until) < :before
"""
COUNT_REFUSING = "SELECT count(*) FROM mail_destination WHERE refused > 0"
COUNT_HELD = "SELECT count(*) FROM mail_destination WHERE held_until > :now"


async def lock(uow: UnitOfWork, destination: bytes) -> MailDestination | None:
    """The state of a destination that has a row; until the transaction ends no other mail leaves for it."""
    return _read((await uow.execute(LOCK, {"destination": destination})).one_or_none())


async def lock_refusing(uow: UnitOfWork, destination: bytes) -> MailDestination | None:
    """The same of one that refuses mails; None: it does not."""
    return _read((await uow.execute(LOCK_REFUSING, {"destination": destination})).one_or_none())


async def insert_and_lock(uow: UnitOfWork, destination: bytes) -> MailDestination:
    """The same of each destination; one that has no row gets it."""
    row = (await uow.execute(INSERT_AND_LOCK, {"destination": destination, "now": uow.now})).one()
    return _state(row)


async def write(uow: UnitOfWork, destination: bytes, state: MailDestination) -> None:
    """Write the state over that of a row that is locked."""
    await uow.execute(UPDATE, {"destination": destination, **asdict(state)})


async def forget_idle(uow: UnitOfWork) -> None:
    """Delete the rows of destinations that nothing was mailed to for a day."""
    await uow.execute(FORGET_IDLE, {"before": uow.now - IDLE_FOR})


async def count_refusing(uow: UnitOfWork) -> int:
    """How many destinations refuse mails."""
    return int((await uow.execute(COUNT_REFUSING, {})).scalar_one())


async def count_held(uow: UnitOfWork) -> int:
    """How many destinations get few mails, since many came back."""
    return int((await uow.execute(COUNT_HELD, {"now": uow.now})).scalar_one())


def _read(row: Row[Any] | None) -> MailDestination | None:
    return _state(row) if row is not None else None


def _state(row: Row[Any]) -> MailDestination:
    return MailDestination(
        next_at=row.next_at, line_until=row.line_until, refused=row.refused, held_until=row.held_until
    )
