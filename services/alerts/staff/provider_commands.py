"""Setting up a company's identity provider, by whichever door it is asked for. A refusal names the field."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.alerts.errors import BadAccount
from services.alerts.staff import accounts
from services.alerts.staff.provider_claims import EVERYTHING, ClaimRules
from services.alerts.staff.provider_errors import ProviderFailed
from services.alerts.staff.provider_sign_in import ProviderSignIn
from services.alerts.staff.repository import providers, sessions
from services.alerts.staff.sessions import session_id
from shared.db.database import Database, UnitOfWork
from shared.http.auth import Caller
from shared.permissions import Role
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Message, message

MAX_CHARS = 500
MAX_PAIRS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedProvider:
    """The settings of a provider as somebody wants them, before anything of them is checked."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = ""
    """Empty: the one that is there stays, while issuer and client id do."""
    role_claim: str = ""
    roles: Sequence[tuple[str, str]] = ()
    """Values of the claim and their roles."""
    default_role: str = ""
    segments_claim: str = ""
    segments: Sequence[tuple[str, str]] = ()
    """Values of the claim and their segments."""
    provisions: bool = False
    trusts_addresses: bool = False


async def save_identity_provider(
    database: Database, sign_in: ProviderSignIn, caller: Caller, wanted: WantedProvider
) -> None:
    """Write the settings once the provider has answered under them; no transaction is open meanwhile.

    :raises BadAccount: naming the field that is wrong.
    """
    values = {
        "name": _text("name", wanted.name, message("Write the name of the provider that people know.")),
        "issuer": _text("issuer", wanted.issuer, message("Write the address of the issuer.")),
        "client_id": _text("client_id", wanted.client_id, message("Write the client id.")),
        "claims": _rules(wanted),
        "provisions": wanted.provisions,
        "trusts_addresses": wanted.trusts_addresses,
    }
    try:
        await sign_in.http.metadata(str(values["issuer"]))
    except ProviderFailed as failed:
        raise BadAccount("issuer", failed.remedy) from None
    async with database.transaction() as uow:
        known = await providers.find_provider(uow, caller.tenant, lock=True)
        sealed = None
        if wanted.client_secret:
            sealed = sign_in.sealed(caller.tenant, wanted.client_secret)
        elif known is not None and (known.issuer, known.client_id) == (values["issuer"], values["client_id"]):
            sealed = known.sealed  # never sent to another issuer than it was given for
        await providers.save_provider(uow, caller.tenant, sealed=sealed, **values)
        record_audit(uow, caller.tenant, AuditActor.of(caller), "identity_provider_changed")


async def remove_identity_provider(uow: UnitOfWork, caller: Caller) -> bool:
    """Forget the provider, whom it knows, and the sessions that it let in; False if there is none."""
    if not await providers.delete_provider(uow, caller.tenant):
        return False
    own = session_id(caller.staff) if caller.staff is not None else None
    await sessions.delete_sessions_by(uow, caller.tenant, by_provider=True, but=own)
    record_audit(uow, caller.tenant, AuditActor.of(caller), "identity_provider_removed")
    return True


async def set_only_way(uow: UnitOfWork, caller: Caller, *, only_way: bool) -> bool:
    """Let people in through the provider alone, or by passwords, too; False if there is none.

    :raises BadAccount: when nobody has shown that the provider lets an administrator in.
    """
    tenant = caller.tenant
    known = await providers.find_provider(uow, tenant, lock=True)
    if known is None:
        return False
    if only_way and not known.only_way:
        await _refuse_untried(uow, caller)
    if known.only_way != only_way:
        await providers.set_only_way(uow, tenant, only_way=only_way)
        record_audit(uow, tenant, AuditActor.of(caller), "identity_provider_changed", None, only_way=only_way)
    if only_way:
        await sessions.delete_sessions_by(uow, tenant, by_provider=False)
    return True


async def _refuse_untried(uow: UnitOfWork, caller: Caller) -> None:
    if caller.staff is None:
        if not await sessions.has_admin_by_provider(uow, caller.tenant):
            raise BadAccount(
                "only_way",
                message("An administrator signs in through the provider first, to know that it works."),
            )
    elif not await sessions.is_by_provider(uow, caller.tenant, session_id(caller.staff)):
        raise BadAccount(
            "only_way", message("Sign in through the provider yourself first, to know that it works.")
        )


def _text(field: str, text: str, remedy: Message) -> str:
    plain = text.strip()
    if not plain or len(plain) > MAX_CHARS or not plain.isprintable():
        raise BadAccount(field, remedy)
    return plain


def _rules(wanted: WantedProvider) -> ClaimRules:
    for field, pairs in (("roles", wanted.roles), ("segments", wanted.segments)):
        if len(pairs) > MAX_PAIRS:
            raise BadAccount(
                field, message("These are too many lines; %(most)s are possible.", most=MAX_PAIRS)
            )
        if any(len(value) > MAX_CHARS for value, _ in pairs):
            raise BadAccount(
                field, message("A value is too long; %(most)s characters are possible.", most=MAX_CHARS)
            )
    return ClaimRules(
        role_claim=wanted.role_claim.strip()[:MAX_CHARS],
        roles=tuple((value, _role("roles", meaning)) for value, meaning in wanted.roles),
        default_role=_role("default_role", wanted.default_role) if wanted.default_role else None,
        segments_claim=wanted.segments_claim.strip()[:MAX_CHARS],
        segments=tuple((value, _segment(meaning)) for value, meaning in wanted.segments),
    )


def _segment(text: str) -> str:
    if text == EVERYTHING:
        return text
    found = accounts.clean_segments([text])
    if not found:
        raise BadAccount("segments", accounts.FORM_OF_SEGMENTS)
    return found[0]


def _role(field: str, text: str) -> Role:
    """One of the roles.

    :raises BadAccount: naming this field, when there is no such role.
    """
    try:
        return accounts.clean_role(text)
    except BadAccount as fault:
        raise BadAccount(field, fault.remedy) from None
