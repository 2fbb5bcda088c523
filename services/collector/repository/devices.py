"""How many answers came from each device, until the day ends. The tables are in no log of the database."""

from datetime import date, datetime

from shared.db.database import UnitOfWork

FIND_SALT = "SELECT salt FROM device_salt WHERE tenant = :tenant AND day = :day"
# Who comes second waits, and gets the salt of the first.
MAKE_SALT = """
    INSERT INTO device_salt AS t (tenant, day, salt, ends_at) VALUES (:tenant, :day, :salt, :ends_at)
    ON CONFLICT (tenant, day) DO UPDATE SET ends_at = t.ends_at
    RETURNING salt
"""
COUNT_ANSWER = """
    INSERT INTO device_count AS t (tenant, day, device, answers, ends_at)
    VALUES (:tenant, :day, :device, 1, :ends_at)
    ON CONFLICT (tenant, day, device) DO UPDATE SET answers = least(t.answers + 1, 3)
    RETURNING answers
"""
FORGET = ("DELETE FROM device_count WHERE ends_at <= :now", "DELETE FROM device_salt WHERE ends_at <= :now")


async def find_salt(uow: UnitOfWork, tenant: str, day: date) -> bytes | None:
    """The salt of a company's day; None: no answer has come yet."""
    salt = (await uow.execute(FIND_SALT, {"tenant": tenant, "day": day})).scalar_one_or_none()
    return None if salt is None else bytes(salt)


async def make_salt(uow: UnitOfWork, tenant: str, day: date, salt: bytes, ends_at: datetime) -> bytes:
    """The salt of a company's day: this one, unless there is one."""
    values = {"tenant": tenant, "day": day, "salt": salt, "ends_at": ends_at}
    return bytes((await uow.execute(MAKE_SALT, values)).scalar_one())


async def count_answer(uow: UnitOfWork, tenant: str, day: date, device: bytes, ends_at: datetime) -> int:
    """How many answers came from a device with this one, 3 at most."""
    values = {"tenant": tenant, "day": day, "device": device, "ends_at": ends_at}
    return int((await uow.execute(COUNT_ANSWER, values)).scalar_one())


async def forget_devices(uow: UnitOfWork) -> None:
    """Delete the hashes and salts of days that have ended."""
    for statement in FORGET:
        await uow.execute(statement, {"now": uow.now})
