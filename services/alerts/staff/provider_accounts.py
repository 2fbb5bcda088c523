"""Whose account comes in through the identity provider: linked by the subject, never by a mere address."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.alerts.errors import BadAccount
from services.alerts.staff import accounts
from services.alerts.staff.provider_claims import NoRights, role_of, segments_of_claims
from services.alerts.staff.provider_errors import ProviderRefusal
from services.alerts.staff.provider_sign_in import rules_of
from services.alerts.staff.repository import people, providers
from shared.db.database import UnitOfWork
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import message


async def account_of(
    uow: UnitOfWork, provider: Any, claims: Mapping[str, Any], link: UUID | None = None
) -> Any:
    """The account of proven claims, with the rights that they give; made or linked at the first sign-in.

    :param link: whose account is to be linked, as its signed-in owner asks.
    :raises ProviderRefusal: when nobody is let in, with the reason.
    """
    try:
        rules = rules_of(provider)
        role, segments = role_of(rules, claims), segments_of_claims(rules, claims)
        segments = None if segments is None else accounts.clean_segments(segments)
        person = await providers.find_subject(uow, provider.tenant, provider.issuer, claims["sub"])
        if link is not None:
            person = await _link(uow, provider, claims, person, link)
        elif person is None:
            person = await _known_by_address(uow, provider, claims)
        if person is None:
            return await _provisioned(uow, provider, claims, role or rules.default_role, segments or [])
        return await _with_rights(uow, provider, person, role, segments)
    except NoRights as lacking:
        raise ProviderRefusal(
            message(
                "Your provider gives you no rights here: no value of the claim %(claim)s is known. An "
                "administrator adds yours to the settings of the provider.",
                claim=lacking.claim,
            )
        ) from None
    except BadAccount as fault:
        raise ProviderRefusal(fault.remedy) from None


async def _link(
    uow: UnitOfWork, provider: Any, claims: Mapping[str, Any], linked: UUID | None, person: UUID
) -> UUID:
    if linked is not None and linked != person:
        raise ProviderRefusal(message("This account of the provider is linked with another colleague."))
    if linked is None:
        account = await people.find_person(uow, provider.tenant, person)
        await _add_subject(uow, provider, claims, account)
    return person


async def _known_by_address(uow: UnitOfWork, provider: Any, claims: Mapping[str, Any]) -> UUID | None:
    """The account with the address of the claims, linked; an address that is not verified links nothing."""
    address = claims.get("email")
    if not isinstance(address, str):
        raise ProviderRefusal(
            message("The provider tells no address. An administrator lets it tell the claim email.")
        )
    if not _is_verified(provider, claims):
        raise ProviderRefusal(
            message(
                "The provider does not say that your address is yours. Sign in with your password, and link "
                "the account in the settings."
            )
        )
    account = await people.find_by_address(uow, provider.tenant, accounts.clean_address(address))
    if account is None:
        return None
    if account.active:
        await _add_subject(uow, provider, claims, account)
    person: UUID = account.id
    return person


def _is_verified(provider: Any, claims: Mapping[str, Any]) -> bool:
    said = claims.get("email_verified")
    return said in (True, "true") or (said is None and provider.trusts_addresses)


async def _add_subject(uow: UnitOfWork, provider: Any, claims: Mapping[str, Any], account: Any) -> None:
    if not await providers.add_subject(uow, provider.tenant, provider.issuer, claims["sub"], account.id):
        raise ProviderRefusal(message("Somebody signed in with the same account just now. Try again."))
    record_audit(uow, provider.tenant, _actor(account), "person_linked", str(account.id))


async def _provisioned(
    uow: UnitOfWork, provider: Any, claims: Mapping[str, Any], role: str | None, segments: list[str]
) -> Any:
    if not provider.provisions:
        raise ProviderRefusal(
            message("Nobody here has your address. An administrator of your company invites you.")
        )
    if role is None:
        raise ProviderRefusal(message("No role is set for new colleagues. An administrator sets one."))
    name = claims.get("name")
    person = await accounts.create_person(
        uow,
        provider.tenant,
        address=claims["email"],
        name=name[: accounts.MAX_FIELD_CHARS] if isinstance(name, str) else "",
        role=role,
        segments=segments,
    )
    account = await people.find_person(uow, provider.tenant, person)
    await _add_subject(uow, provider, claims, account)
    record_audit(
        uow,
        provider.tenant,
        _actor(account),
        "person_provisioned",
        str(person),
        role=role,
        segments=len(segments),
    )
    return account


async def _with_rights(
    uow: UnitOfWork, provider: Any, person: UUID, role: str | None, segments: list[str] | None
) -> Any:
    """The account with the rights of the claims. Administrators are locked before it, as everywhere."""
    account = _admitted(await people.find_person(uow, provider.tenant, person))
    wanted_role = account.role if role is None else role
    wanted = list(account.segments) if segments is None else segments
    if (wanted_role, wanted) == (account.role, list(account.segments)):
        return account
    if await people.lock_admins(uow, provider.tenant) == [person]:
        return account  # claims may take everything but the last administrator of a company
    _admitted(await people.find_person(uow, provider.tenant, person, lock=True))
    await accounts.change_rights(uow, provider.tenant, person, role=wanted_role, segments=wanted)
    record_audit(
        uow,
        provider.tenant,
        _actor(account),
        "person_changed",
        str(person),
        role=wanted_role,
        segments=len(wanted),
    )
    return await people.find_person(uow, provider.tenant, person)


def _admitted(account: Any | None) -> Any:
    if account is None or not account.active:
        raise ProviderRefusal(message("Your access here has ended. Ask an administrator."))
    return account


def _actor(account: Any) -> AuditActor:
    return AuditActor("staff", str(account.id), account.name)
