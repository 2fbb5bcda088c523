"""People come and go by the operator's hand: what the command and the demo do, each in one transaction."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from services.alerts import accounts, links
from services.alerts.errors import BadAccount
from services.alerts.passwords import Passwords, password_fault
from services.alerts.repository import people
from services.alerts.settings import Settings
from shared.db.database import Database
from shared.settings import Afterword, load
from shared.tenancy import find_tenant


async def create_staff(
    database: Database,
    staff_url: str,
    tenant: str,
    address: str,
    role: str,
    *,
    name: str = "",
    segments: Sequence[str] = (),
) -> str:
    """Add somebody and return the link with which they sign in once, within a day.

    :raises BadAccount: when that cannot be.
    """
    async with database.transaction() as uow:
        person = await accounts.create_person(
            uow, tenant, address=address, name=name, role=role, segments=segments
        )
        return links.link_address(staff_url, await links.new_link(uow, tenant, person))


async def sign_in_link(database: Database, staff_url: str, tenant: str, address: str) -> str:
    """A new link for somebody; earlier ones end.

    :raises BadAccount: when there is nobody who may sign in with this address.
    """
    async with database.transaction() as uow:
        found = await people.find_by_address(uow, tenant, accounts.clean_address(address))
        if found is None or not found.active:
            raise BadAccount("address", "Nobody who may sign in has this address.")
        return links.link_address(staff_url, await links.new_link(uow, tenant, found.id))


async def set_password(database: Database, tenant: str, address: str, password: str) -> None:
    """Give somebody a password that is known, as the demo does.

    :raises BadAccount: when there is nobody with this address, or the password is too short.
    """
    if fault := password_fault(password, address):
        raise BadAccount("password", fault)
    kept = await Passwords().hash(password)
    async with database.transaction() as uow:
        found = await people.find_by_address(uow, tenant, accounts.clean_address(address))
        if found is None:
            raise BadAccount("address", "Nobody has this address.")
        await people.keep_password(uow, tenant, found.id, kept)
        await people.end_sessions(uow, tenant, found.id)


async def dismiss(database: Database, tenant: str, address: str) -> None:
    """Somebody leaves: no sign-in any more, and every session is dead within five minutes.

    :raises BadAccount: when nobody has this address.
    """
    async with database.transaction() as uow:
        found = await people.find_by_address(uow, tenant, accounts.clean_address(address))
        if found is None:
            raise BadAccount("address", "Nobody has this address.")
        await accounts.dismiss(uow, tenant, found.id)


async def known(database: Database, tenant: str) -> list[Any]:
    """Everybody of a company that we have heard of; who has people with us exists, told or not.

    :raises BadAccount: when we know neither.
    """
    async with database.reading() as uow:
        found = await people.people(uow, tenant)
        if not found and await find_tenant(uow, tenant) is None:
            raise BadAccount(
                "tenant",
                f"Alerts knows no company {tenant!r}; `afterword tenant list` shows all, "
                "and one that was made just now is known in a moment.",
            )
    return found


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Database, Afterword]]:
    """The database of alerts by the settings of the environment."""
    afterword = load([Afterword])[0]
    own = load([Settings])[0]
    database = Database(own.database_url.get_secret_value(), name="alerts-command", pool_size=1)
    try:
        yield database, afterword
    finally:
        await database.close()
