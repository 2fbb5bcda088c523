"""The second factor of a person: an authenticator app, and recovery codes for when it is lost."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from services.alerts.errors import BadAccount
from services.alerts.staff import recovery_codes, totp
from services.alerts.staff.repository import second_factors
from shared.db.database import UnitOfWork
from shared.sealed import seal, unseal
from shared.values.messages import message

NextStep = Literal["code", "enrolment"]
WRONG_CODE = message(
    "That is not the code of now. Wait for the next one; if it fails again, set the clock of your phone."
)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A key that an app is to take, before its first code confirms it."""

    key: bytes
    account: str

    @property
    def text(self) -> str:
        """The key, to be typed."""
        return totp.key_text(self.key)

    @property
    def address(self) -> str:
        """The key, to be read from a QR code."""
        return totp.key_address(self.key, self.account)


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """Acts on second factors, whose keys are sealed with the root secret."""

    secret: str

    async def next_step(self, uow: UnitOfWork, tenant: str, person: UUID) -> NextStep | None:
        """What a person must do after the password; None: nothing."""
        factor = await second_factors.find_factor(uow, tenant, person)
        if factor is not None and factor.confirmed_at is not None:
            return "code"
        return "enrolment" if await second_factors.is_required(uow, tenant) else None

    async def begin(self, uow: UnitOfWork, tenant: str, person: UUID) -> None:
        """Make a new key, unless there is one that was confirmed."""
        sealed = seal(self.secret, _about(tenant, person), totp.new_key())
        await second_factors.begin_factor(uow, tenant, person, sealed)

    async def enrolment(self, uow: UnitOfWork, account: Any) -> Enrolment | None:
        """What was begun and is not confirmed."""
        factor = await second_factors.find_factor(uow, account.tenant, account.id)
        if factor is None or factor.confirmed_at is not None:
            return None
        return Enrolment(self._key(account.tenant, account.id, factor), account.address)

    async def confirm(self, uow: UnitOfWork, tenant: str, person: UUID, code: str) -> list[str]:
        """Take the first code of an app, and return the recovery codes.

        :raises BadAccount: when nothing was begun, or it is not the code.
        """
        if not await self._take_code(uow, tenant, person, code, confirmed=False):
            raise BadAccount("code", WRONG_CODE)
        return await self._new_codes(uow, tenant, person)

    async def accepts(
        self, uow: UnitOfWork, tenant: str, person: UUID, code: str
    ) -> Literal["app", "recovery"] | None:
        """Whose code it is: the app's, or a recovery code. Either is used up. None: nobody's."""
        if await self._take_code(uow, tenant, person, code, confirmed=True):
            return "app"
        digest = recovery_codes.code_digest(self.secret, tenant, person, code)
        return "recovery" if await second_factors.use_code(uow, tenant, person, digest) else None

    async def renew_codes(self, uow: UnitOfWork, tenant: str, person: UUID, code: str) -> list[str]:
        """New recovery codes for a code of the app.

        :raises BadAccount: when it is not the code.
        """
        await self._require(uow, tenant, person, code)
        return await self._new_codes(uow, tenant, person)

    async def switch_off(self, uow: UnitOfWork, tenant: str, person: UUID, code: str) -> None:
        """Delete a person's second factor, for a code of it.

        :raises BadAccount: when it is not the code, or the company asks for a second factor.
        """
        if await second_factors.is_required(uow, tenant):
            raise BadAccount("code", message("Your company asks everybody for a second factor."))
        await self._require(uow, tenant, person, code)
        await second_factors.delete_factor(uow, tenant, person)

    async def _require(self, uow: UnitOfWork, tenant: str, person: UUID, code: str) -> None:
        if await self.accepts(uow, tenant, person, code) is None:
            raise BadAccount("code", WRONG_CODE)

    async def _take_code(
        self, uow: UnitOfWork, tenant: str, person: UUID, code: str, *, confirmed: bool
    ) -> bool:
        factor = await second_factors.find_factor(uow, tenant, person, lock=True)
        plain = "".join(code.split())
        if factor is None or (factor.confirmed_at is not None) != confirmed or not plain.isascii():
            return False
        key = self._key(tenant, person, factor)
        step = totp.matching_step(key, plain, seconds=uow.now.timestamp(), last_step=factor.last_step)
        if step is not None:
            await second_factors.take_step(uow, tenant, person, step)
        return step is not None

    async def _new_codes(self, uow: UnitOfWork, tenant: str, person: UUID) -> list[str]:
        codes = recovery_codes.new_codes()
        digests = [recovery_codes.code_digest(self.secret, tenant, person, code) for code in codes]
        await second_factors.replace_codes(uow, tenant, person, digests)
        return codes

    def _key(self, tenant: str, person: UUID, factor: Any) -> bytes:
        return unseal(self.secret, _about(tenant, person), bytes(factor.sealed))


def _about(tenant: str, person: UUID) -> str:
    return f"second-factor/{tenant}/{person}"
