"""What an operator does to people by command, each in one transaction."""

from collections.abc import Sequence
from typing import Any

from services.alerts.errors import BadAccount
from services.alerts.staff import access_commands, accounts
from services.alerts.staff.passwords import Passwords, checked_password
from services.alerts.staff.repository import people, providers, sessions
from services.alerts.staff.sign_in_tokens import link_address, new_link
from shared.db.database import Database, UnitOfWork
from shared.privacy.audit import COMMAND_LINE, AuditActor, record_audit
from shared.tenancy import find_tenant
from shared.tenancy.closed import is_open
from shared.values.messages import message


async def create_staff(
    database: Database,
    staff_url: str,
    tenant: str,
    address: str,
    role: str,
    *,
    name: str = "",
    segments: Sequence[str] = (),
    who: AuditActor = COMMAND_LINE,
) -> str:
    """Add a person and return a link with which they sign in once, within a day.

    :raises BadAccount: naming the field that is wrong; ``tenant`` when the company leaves or has left.
    """
    async with database.transaction() as uow:
        await _refuse_leaving(uow, tenant)
        person = await accounts.create_person(
            uow, tenant, address=address, name=name, role=role, segments=segments
        )
        record_audit(uow, tenant, who, "person_invited", str(person), role=role, segments=len(segments))
        return link_address(staff_url, await new_link(uow, tenant, person))


async def sign_in_link(
    database: Database, staff_url: str, tenant: str, address: str, *, who: AuditActor = COMMAND_LINE
) -> str:
    """A new link for a person; earlier ones end.

    :raises BadAccount: when nobody who may sign in has this address, or the company leaves or has left.
    """
    async with database.transaction() as uow:
        await _refuse_leaving(uow, tenant)
        found = await people.find_by_address(uow, tenant, accounts.clean_address(address))
        if found is None or not found.active:
            raise BadAccount("address", message("Nobody who may sign in has this address."))
        record_audit(uow, tenant, who, "sign_in_link", str(found.id))
        return link_address(staff_url, await new_link(uow, tenant, found.id))


async def _refuse_leaving(uow: UnitOfWork, tenant: str) -> None:
    """Let nobody into a company whose people cannot work, nor into one that is erased.

    :raises BadAccount: when it leaves or has left.
    """
    if not await is_open(uow, tenant):
        raise BadAccount("tenant", message("This company has left Afterword, so nobody is let into it."))


async def set_password(database: Database, tenant: str, address: str, password: str) -> None:
    """Set a password that is known, as the demo does; all sessions and links end.

    :raises BadAccount: when nobody has this address, or the password is refused.
    """
    if fault := await checked_password(password, address):
        raise BadAccount("password", fault)
    password_hash = await Passwords().hash(password)
    async with database.transaction() as uow:
        found = await people.find_by_address(uow, tenant, accounts.clean_address(address))
        if found is None:
            raise BadAccount("address", message("Nobody has this address."))
        await people.set_password_hash(uow, tenant, found.id, password_hash)
        await sessions.delete_sessions(uow, tenant, found.id)
        record_audit(uow, tenant, COMMAND_LINE, "password_set", str(found.id))


async def reset_second_factor(database: Database, tenant: str, address: str) -> None:
    """Forget a person's second factor, as when the only administrator has lost the phone; all sessions end.

    :raises BadAccount: when nobody has this address.
    """
    async with database.transaction() as uow:
        found = await people.find_by_address(uow, tenant, accounts.clean_address(address))
        if found is None:
            raise BadAccount("address", message("Nobody has this address."))
        await access_commands.reset_second_factor(uow, tenant, COMMAND_LINE, found.id)


async def allow_passwords(database: Database, tenant: str) -> None:
    """Let passwords in again where the identity provider is the only way and fails.

    :raises BadAccount: when the company has no identity provider.
    """
    async with database.transaction() as uow:
        if not await providers.set_only_way(uow, tenant, only_way=False):
            raise BadAccount("tenant", message("This company has no identity provider."))
        record_audit(uow, tenant, COMMAND_LINE, "identity_provider_changed", None, only_way=False)


async def dismiss(database: Database, tenant: str, address: str) -> None:
    """End a person's access: no sign-in any more, and every session is over within five minutes.

    :raises BadAccount: when nobody has this address.
    """
    async with database.transaction() as uow:
        found = await people.find_by_address(uow, tenant, accounts.clean_address(address))
        if found is None:
            raise BadAccount("address", message("Nobody has this address."))
        await accounts.dismiss(uow, tenant, found.id)
        record_audit(uow, tenant, COMMAND_LINE, "person_deactivated", str(found.id))


async def list_staff(database: Database, tenant: str) -> list[Any]:
    """Everybody of a company. A company that has people is listed even before its own event has arrived.

    :raises BadAccount: when neither people nor the company are known.
    """
    async with database.reading() as uow:
        found = await people.people(uow, tenant)
        if not found and await find_tenant(uow, tenant) is None:
            raise BadAccount(
                "tenant",
                message(
                    "Alerts knows no company %(tenant)s; `afterword tenant list` shows all, "
                    "and one that was made just now is known in a moment.",
                    tenant=repr(tenant),
                ),
            )
    return found
